import dataclasses
import os

import numpy as np
import pandas as pd
import pytest
import tifffile

from cellscreen.errors import ConfigError
from cellscreen.plates.compound_labels import join_labels
from cellscreen.plates.controls import ControlRules
from cellscreen.plates.label_table import read_labels
from cellscreen.plates.platemap import read_platemap
from cellscreen.plates.platemap_file import MapOptions
from cellscreen.simulate import workers
from cellscreen.simulate.hcs_cells import draw_hcs_scene
from cellscreen.simulate.hcs_config import CELL_PAINTING, CONFIGS, HcsConfig
from cellscreen.simulate.hcs_maps import draw_maps
from cellscreen.simulate.hcs_plate import hcs_fields
from cellscreen.simulate.hcs_writing import simulate_plates

CONFIG = HcsConfig(
    compounds=2, doses=2, replicates=1, control_wells=1, poscon_wells=1, sites=2, size_px=48
)
FIELDS = list(hcs_fields(CONFIG))


@pytest.fixture(scope="module")
def plates(tmp_path_factory):
    folder = tmp_path_factory.mktemp("plates")
    simulate_plates(CONFIG, folder, "template", workers=1, cell_truth=True)
    return folder


def test_everything_says_that_it_is_simulated(plates):
    assert "These plates are simulated" in (plates / "SIMULATED.txt").read_text()
    for name in ("platemap.csv", "labels.csv", "truth.csv"):
        assert pd.read_csv(plates / name)["simulated"].all()
    image = next(plates.rglob("*.tif"))
    assert image.parent.name.startswith("SIM-")
    with tifffile.TiffFile(image) as file:
        assert file.pages[0].description == "simulated"
        assert file.pages[0].compression == tifffile.COMPRESSION.ADOBE_DEFLATE


def test_truth_has_a_row_a_well_and_counts_its_cells(plates):
    truth, oracle = pd.read_csv(plates / "truth.csv"), pd.read_csv(plates / "oracle.csv")
    assert len(truth) == 6
    assert len(oracle) == 12
    first = oracle[oracle["well"] == truth["well"][0]]
    assert truth["cells"][0] == first["cells"].sum()
    scene = draw_hcs_scene(CONFIG, FIELDS[3])
    inside = scene.inside(48)
    assert oracle["affected_cells"][3] == (scene.affected & inside).sum()
    assert oracle["cells"][3] == (inside & ~scene.dead).sum()
    expected = scene.level("mito")[inside & ~scene.dead].mean()
    assert oracle["true_mito"][3] == pytest.approx(expected)


def test_dmso_has_no_label_and_no_effect(plates):
    truth = pd.read_csv(plates / "truth.csv").set_index("control_type")
    assert truth.loc["negcon", "pert_iname"] == "DMSO"
    assert pd.isna(truth.loc["negcon", "label"])
    assert truth.loc["negcon", "affected_fraction"] == 0
    assert truth.loc["poscon", "affected_fraction"] > 0.19
    assert set(truth.loc["trt", "label"]) == {"toxic", "nontoxic"}


def test_the_cells_of_a_field_can_be_told(plates):
    field = FIELDS[4]
    well = field.well
    cells = pd.read_csv(plates / "cell_truth" / well.plate / f"{well.well}_{field.site}.csv")
    scene = draw_hcs_scene(CONFIG, field)
    inside = scene.inside(48)
    assert cells["affected"].tolist() == scene.affected[inside].tolist()
    np.testing.assert_allclose(cells[["x_px", "y_px"]], scene.centres[inside], atol=0.006)
    labels = draw_maps(scene, 48, 0.598).nuclei
    living = cells[~cells["dead"]]
    places = labels[living["y_px"].round().astype(int), living["x_px"].round().astype(int)]
    assert set(places) <= set(living["cell"])


def test_no_table_but_the_truth_tells_it(plates):
    for path in [plates / "platemap.csv", *sorted((plates / "metadata").rglob("*.*"))]:
        text = path.read_text()
        for word in ("toxic", "affected", "depolarizer", "ec50"):
            assert word not in text, path


def test_both_forms_of_the_plate_map_say_the_same(plates):
    tidy = read_platemap(plates / "platemap.csv")
    rules = MapOptions(ControlRules("DMSO"))
    compounds = [plates / "metadata" / "compound_metadata.tsv"]
    jump = read_platemap(plates / "metadata", rules, compounds)
    names = ["Plate", "Well", "pert_iname", "concentration_um", "control_type"]
    columns = [f"Metadata_{name}" for name in names]
    pd.testing.assert_frame_equal(tidy[columns], jump[columns])


def test_labels_join_every_compound(plates):
    tidy = read_platemap(plates / "platemap.csv")
    treated = tidy[tidy["Metadata_control_type"] == "trt"]
    joined = join_labels(treated, read_labels(plates / "labels.csv"), "inchikey")
    assert joined.unlabelled.empty
    assert set(joined.labels) == {"toxic", "nontoxic"}


def test_targets_of_paintings_are_no_labels(tmp_path):
    config = dataclasses.replace(
        CONFIGS[CELL_PAINTING], compounds=3, plates=1, control_wells=1, size_px=32
    )
    simulate_plates(config, tmp_path, "template", workers=1)
    assert not (tmp_path / "labels.csv").exists()
    compounds = pd.read_csv(tmp_path / "metadata" / "compound_metadata.tsv", sep="\t")
    assert compounds["target"].str.startswith("SIMT").any()


def test_workers_make_the_same_files(plates, tmp_path, monkeypatch):
    monkeypatch.setattr(workers, "_IN_ONE_PROCESS", 0)
    simulate_plates(CONFIG, tmp_path, "template", workers=2, cell_truth=True)
    assert _contents(tmp_path) == _contents(plates)


def test_a_stopped_run_goes_on(tmp_path):
    simulate_plates(CONFIG, tmp_path, "template", workers=1)
    whole = _contents(tmp_path)
    images = sorted(tmp_path.rglob("*.tif"))
    kept = images[0].stat().st_mtime_ns
    for path in [*images[10:], tmp_path / "SIMULATED.txt", tmp_path / "truth.csv"]:
        path.unlink()
    (images[0].parent / ".A01_1_DNA.x7ab.tif").touch()
    simulate_plates(CONFIG, tmp_path, "template", workers=1)
    assert _contents(tmp_path) == whole
    assert images[0].stat().st_mtime_ns == kept


def test_a_whole_simulation_is_left_alone(plates):
    before = {path: path.stat().st_mtime_ns for path in plates.rglob("*")}
    assert simulate_plates(CONFIG, plates, "template", cell_truth=True) == 36
    assert {path: path.stat().st_mtime_ns for path in plates.rglob("*")} == before


def test_another_simulation_or_layout_is_refused(plates):
    with pytest.raises(ConfigError, match="begun with other parameters"):
        simulate_plates(dataclasses.replace(CONFIG, seed=1), plates, "template", cell_truth=True)
    with pytest.raises(ConfigError, match="begun with other parameters"):
        simulate_plates(CONFIG, plates, "harmony", cell_truth=True)


def test_an_unknown_layout_is_refused(tmp_path):
    with pytest.raises(ConfigError, match=r"Expected a layout among harmony, .*, got 'lif'"):
        simulate_plates(CONFIG, tmp_path, "lif")


def test_plates_to_measure_speed_are_hard_links_and_have_no_truth(tmp_path):
    config = dataclasses.replace(CONFIG, rendered_fields=3)
    simulate_plates(config, tmp_path, "harmony", workers=1)
    images = list(tmp_path.rglob("*.tiff"))
    assert len(images) == 36
    assert len({os.stat(path).st_ino for path in images}) == 9
    assert not (tmp_path / "truth.csv").exists()
    assert "Only 3 fields were drawn" in (tmp_path / "SIMULATED.txt").read_text()


def _contents(folder):
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }
