"""Cells score their images and wells, each by the net that held its image out."""

import dataclasses
import json
import shutil

import cv2
import keras
import numpy as np
import pandas as pd
import pytest

from cellscreen import commands
from cellscreen.errors import ConfigError, ScoreError
from cellscreen.fitting import run_folder
from cellscreen.fitting.flags import config_to_json
from cellscreen.models.cell_config import CellNetConfig
from cellscreen.models.cell_nets import build_cell_net
from cellscreen.models.tabular_branch import adapt_table
from cellscreen.pipelines.balance import BalanceConfig
from cellscreen.pipelines.cell_input import CellInput
from cellscreen.pipelines.cell_planes import plane_names
from cellscreen.pipelines.fold_config import FoldConfig
from cellscreen.pipelines.folds import write_manifest
from cellscreen.pipelines.records import prepared_plates
from cellscreen.plates.groups import row_groups
from cellscreen.plates.table import read_plate_table
from cellscreen.records.build import build_plates
from cellscreen.screening.scores import read_scores
from cellscreen.serving.cells.scoring import score_cells
from cellscreen.serving.export import export_run
from cellscreen.serving.openers import open_model
from cellscreen.training.cells.config import CellDataConfig, CellsConfig
from cellscreen.training.cells.fields import claim_fields
from cellscreen.training.cells.parts import cell_manifest, image_frame, used_cells
from cellscreen.training.configs import read_config

CLASSES = ("DMSO", "drug")
DRUG = "Score_compound_drug"
FEATURES = ("Nuclei_AreaShape_BoundingBoxSum", "Nuclei_Intensity_MeanIntensity_ER")
NET = CellNetConfig(branches=("mask", "flow"), table_features=FEATURES, cell_width=4)
SIZE = 8


@pytest.fixture(scope="module")
def build_cells(cell_plate):
    """Returns a function that writes plates and prepares their cells, each file unlike others."""
    config = dataclasses.replace(cell_plate.CONFIG, flows="from_labels")

    def build(folder, names, brighter=0, config=config):
        for more, name in enumerate(names, start=brighter):
            cell_plate.write_cell_plate(folder / "images", name)
            for path in (folder / "images" / name).rglob("*.png"):
                image = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
                image[0, 0] += more
                cv2.imwrite(str(path), image)
        table = read_plate_table(folder / "images")
        build_plates(table, folder / "records", "hcs", "cells", config=config)
        return prepared_plates(folder / "records", "hcs", "cells")

    return build


@pytest.fixture(scope="module")
def folders(build_cells, tmp_path_factory):
    return build_cells(tmp_path_factory.mktemp("cells"), ["P1", "P2"])


@pytest.fixture(scope="module")
def new_plate(build_cells, tmp_path_factory):
    return build_cells(tmp_path_factory.mktemp("new"), ["P3"], brighter=2)


def tiny(seed):
    keras.utils.set_random_seed(seed)
    net = build_cell_net(NET, SIZE, plane_names(NET.branches, ()), len(CLASSES))
    generator = np.random.default_rng(seed)
    for weight in net.trainable_variables:
        weight.assign(weight + generator.normal(0, 0.3, weight.shape).astype(np.float32))
    adapt_table(net, [180, 900], [1e3, 1e5])
    return net


@pytest.fixture(scope="module")
def write_run(folders, tmp_path_factory):
    """Returns a function that writes a run whose fold 0 holds P1 out and fold 1 P2."""
    return lambda folder, fold_by="plate", folds=None: _write_run(folder, folders, fold_by, folds)


@pytest.fixture(scope="module")
def run(write_run, tmp_path_factory):
    return write_run(tmp_path_factory.mktemp("runs") / "cells")


def _write_run(folder, plates, fold_by, folds):
    config = CellsConfig(
        CellDataConfig(str(plates[0].parents[3]), dataset="hcs", classes=CLASSES),
        FoldConfig(folds=2, fold_by=fold_by),
        BalanceConfig(),
        CellInput(SIZE),
        NET,
    )
    folder.mkdir(parents=True)
    (folder / "config.json").write_text(config_to_json(config))
    used = used_cells(config, plates)
    frame = image_frame(used.index)
    by_plate = (frame["Metadata_Plate"] == "P2").astype(int)
    images = frame.filter(like="Metadata_").assign(
        key=frame["key"],
        group=row_groups(frame, fold_by),
        fold=by_plate if folds is None else frame["Metadata_pert_iname"].map(folds),
        inner=-1,
        label=(frame["Metadata_pert_iname"] == "drug").astype(int),
        trained=True,
        checksum=frame["sha256"],
    )
    write_manifest(cell_manifest(used.index, images), folder / "folds.csv")
    claim_fields(folder, plates)
    said = {"net": "mask_flow_table", "group": "U2OS", "simulated": False, "leaky": False}
    (folder / "run.json").write_text(json.dumps(said | {"below_baseline": [], "versions": {}}))
    for fold in (0, 1):
        (folder / f"fold_{fold}").mkdir()
        tiny(fold).save(folder / f"fold_{fold}" / "model.keras")
    return folder


def by_hand(run, folders, folds):
    """Probabilities of `drug` of every cell by the mean over some nets, and the cells' images."""
    from cellscreen.pipelines.cell_pixels import CellPixels
    from cellscreen.pipelines.cells import CellInputs, cell_questions

    config = read_config(run)
    used = used_cells(config, folders)
    inputs = CellInputs(CellPixels(used.index, NET.branches, config.cell_input), used.table)
    cells, _ = next(iter(cell_questions(inputs, np.arange(len(used.table))).batch(99)))
    nets = [run_folder.load_fold(run, fold) for fold in folds]
    return np.mean([net(cells, training=False) for net in nets], axis=0)[:, 1], used.index.images


def test_an_image_is_scored_by_its_cells_and_the_net_that_held_its_plate_out(run, folders, caplog):
    scores = score_cells(open_model(run), folders).set_index("key")
    assert len(scores) == 12
    assert scores.loc["P1/A01/1", "fold"] == 0
    assert scores.loc["P2/B01/1", "fold"] == 1
    for key, fold in (("P1/A01/1", 0), ("P2/B01/1", 1)):
        answers, images = by_hand(run, folders, [fold])
        own = answers[images == key]
        assert scores.loc[key, DRUG] == pytest.approx(own.mean(), abs=1e-6)
        assert scores.loc[key, f"{DRUG}_sd"] == pytest.approx(own.std(ddof=1), abs=1e-6)
        assert scores.loc[key, "Metadata_cells"] == len(own)
    assert np.isnan(scores.loc["P1/A01/2", f"{DRUG}_sd"])  # one cell
    empty = scores.loc["P1/A02/2"]
    assert (empty["Metadata_not_scored"], empty["Metadata_pert_iname"]) == ("no cells", "DMSO")
    assert np.isnan(empty[DRUG])
    assert "2 of 12 images (such as P1/A02/2) are not scored: no cells." in caplog.text
    assert not scores["Metadata_model_saw_group"].any()


def test_a_well_is_scored_by_all_its_cells_and_votes_may_be_counted(run, folders):
    scores = score_cells(open_model(run), folders, "well", "majority").set_index("key")
    assert scores.index.tolist() == [
        f"{p}/{w}" for p in ("P1", "P2") for w in ("A01", "A02", "B01")
    ]
    assert scores["Metadata_cells"].tolist() == [4, 2, 6] * 2
    assert scores["n_images"].tolist() == [2] * 6
    answers, images = by_hand(run, folders, [1])
    own = answers[[image.startswith("P2/B01") for image in images]]
    assert scores.loc["P2/B01", DRUG] == pytest.approx((own > 0.5).mean())
    assert "Metadata_Site" not in scores


def test_where_chooses_images_before_anything_is_refused(run, folders):
    scores = score_cells(open_model(run), folders, where="Plate=P2")
    assert set(scores["Metadata_Plate"]) == {"P2"}
    with pytest.raises(ConfigError, match="No row has aspirin in 'pert_iname"):
        score_cells(open_model(run), folders, where="pert_iname=aspirin")


def test_new_images_get_the_mean_over_folds(run, new_plate):
    scores = score_cells(open_model(run), new_plate).set_index("key")
    assert scores["fold"].isna().all()
    answers, images = by_hand(run, new_plate, [0, 1])
    own = answers[images == "P3/B01/1"]
    assert scores.loc["P3/B01/1", DRUG] == pytest.approx(own.mean(), abs=1e-6)


def test_an_image_that_every_net_was_trained_on_is_refused(write_run, folders, tmp_path):
    run = write_run(tmp_path / "run", "compound", {"DMSO": -1, "drug": 0})
    shutil.rmtree(run / "fold_1")
    with pytest.raises(ScoreError, match=r"trained on this image.*plate P1, well A01"):
        score_cells(open_model(run), folders)
    scores = score_cells(open_model(run), folders, where="pert_iname=drug")
    assert set(scores["fold"]) == {0}


@pytest.mark.slow
def test_the_export_scores_new_plates_as_the_run_does_and_refuses_its_own(
    run, folders, new_plate, tmp_path
):
    version = export_run(run, tmp_path / "model")
    by_export = score_cells(open_model(version), new_plate)
    by_run = score_cells(open_model(run), new_plate)
    np.testing.assert_allclose(by_export[DRUG], by_run[DRUG], atol=1e-5)
    assert set(by_export["model_id"]) == set(by_run["model_id"])
    with pytest.raises(ScoreError, match=r"exported model was trained on this image.*well A01"):
        score_cells(open_model(version), folders)
    about = (version / "assets.extra" / "cellscreen.json").read_text()
    assert str(folders[0].parents[3]) not in about


def test_other_flows_than_the_trainings_are_refused(run, build_cells, tmp_path, cell_plate):
    plain = cell_plate.CONFIG
    others = build_cells(tmp_path, ["P4"], brighter=3, config=plain)
    with pytest.raises(ConfigError, match=r"flows from labels, not Cellpose's, as .* got none"):
        score_cells(open_model(run), others)


def test_a_question_of_another_trainer_is_refused(run):
    with pytest.raises(ConfigError, match="Expected no --sets: this model's trainer"):
        open_model(run, {"sets": 5})


def test_the_command_writes_treatments(run, folders, tmp_path, capsys):
    output = tmp_path / "scores.parquet"
    words = [f"--model={run}", f"--data_dir={folders[0].parents[3]}", f"--output={output}"]
    assert commands.main(["score", *words, "--level=treatment", "--vote=weighted"]) == 0
    assert "2 rows by mask_flow_table-mean-" in capsys.readouterr().out
    scores = read_scores(output)
    assert sorted(scores["Metadata_pert_iname"]) == ["DMSO", "drug"]
    assert isinstance(scores, pd.DataFrame)
    assert commands.main(["score", *words[:1], "--images=x", words[2]]) == 2
    assert "a net of cells, which scores prepared cells" in capsys.readouterr().err
