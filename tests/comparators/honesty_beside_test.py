import logging
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from cellscreen.comparators.honesty_beside import (
    image_differences,
    level_figures,
    net_columns,
    write_beside,
)
from cellscreen.comparators.honesty_folder import HonestyFolder

CLASSES = ("DMSO", "drug")
SIZE = "Cells_AreaShape_Area"


def manifest(wells=12, cells=8):
    """Wells of one image, every second one of them DMSO, dealt over three folds."""
    well = np.repeat(np.arange(wells), cells)
    images = [f"P/A{number + 1:02d}/1" for number in well]
    return pd.DataFrame(
        {
            "key": [f"{image}:{n}" for n, image in enumerate(images)],
            "image": images,
            "group": [f"P/A{number + 1:02d}" for number in well],
            "fold": well // 2 % 3,
            "inner": -1,
            "label": well % 2,
            "trained": True,
            "Metadata_Plate": "P",
            "Metadata_Well": [f"A{number + 1:02d}" for number in well],
            "Metadata_pert_iname": np.where(well % 2, "drug", "DMSO"),
            "Metadata_control_type": np.where(well % 2, "trt", "negcon"),
        }
    )


def data(table, names=(SIZE,)):
    """What LightGBM and the sanity check see of a training's data."""
    net = SimpleNamespace(table_features=names)
    config = SimpleNamespace(net_config=net, net_name="net", fit=SimpleNamespace(seed=0))
    inputs = SimpleNamespace(table=np.asarray(table, np.float32).reshape(-1, len(names)))
    rows = manifest()
    images = rows.drop_duplicates("image").assign(key=lambda frame: frame["image"])
    fields = images[["key"]].reset_index(drop=True)
    index = SimpleNamespace(fields=fields, cells={"field": np.repeat(np.arange(12), 8)})
    return SimpleNamespace(
        config=config,
        inputs=inputs,
        manifest=rows,
        classes=CLASSES,
        images=images.reset_index(drop=True),
        index=index,
        intensities=np.zeros((len(rows), 0)),
        folds=(0, 1, 2),
    )


@pytest.fixture
def run(tmp_path):
    """The run folder of a net that is right for all cells of every well but two."""
    rows, folder = manifest().assign(checksum="x"), tmp_path / "run"
    folder.mkdir()
    (folder / "run.json").write_text("{}")
    rows.to_csv(folder / "folds.csv", index=False)
    wrong = rows["Metadata_Well"].isin(["A01", "A12"])
    drug = (rows["label"] == 1) != wrong
    said = rows[["key", "label"]].assign(p_DMSO=1.0 - drug, p_drug=drug.astype(float))
    for fold in (0, 1, 2):
        part = folder / f"fold_{fold}"
        part.mkdir()
        said[rows["fold"] == fold].to_csv(part / "predictions.csv", index=False)
    return folder


def figure(table, level, rule, metric="accuracy"):
    rows = table[(table["level"] == level) & (table["rule"] == rule)]
    return rows.set_index("metric").loc[metric]


def test_lightgbm_reads_the_table_on_the_folds_of_the_net(tmp_path, run):
    rows = manifest()
    folder = HonestyFolder(tmp_path)
    table = 100.0 * rows["label"] + np.arange(len(rows)) % 5
    write_beside(data(table), run, folder, "well", trees=5)
    table = pd.read_csv(folder.boosted("well"))
    assert set(table["model"]) == {"lightgbm_features"}
    assert figure(table, "cell", "none")["value"] == 1
    assert figure(table, "image", "majority")[["value", "chance", "n_units"]].tolist() == [
        1,
        0.5,
        12,
    ]
    sanity = pd.read_csv(folder.sanity("well")).set_index("metric")["value"]
    assert sanity["accuracy"] == 1


def test_a_vote_is_above_its_cells():
    rows = manifest()
    right = np.arange(len(rows)) % 8 < 5  # five of eight cells of every image
    shares = np.where(right == (rows["label"] == 1), 0.9, 0.1)
    answers = rows[["key", "group", "fold", "label"]].assign(p_DMSO=1 - shares, p_drug=shares)
    table = level_figures("net", answers, rows, CLASSES)
    assert figure(table, "cell", "none")["value"] == 5 / 8
    assert figure(table, "image", "majority")["value"] == 1


def test_cells_without_an_answer_are_left_out_and_counted(caplog):
    rows = manifest()
    answers = rows[["key", "group", "fold", "label"]].assign(p_DMSO=0.4, p_drug=0.6)
    answers.loc[:3, ["p_DMSO", "p_drug"]] = np.nan
    with caplog.at_level(logging.WARNING):
        table = level_figures("net", answers, rows, CLASSES)
    assert figure(table, "cell", "none")["n_units"] == len(rows) - 4
    assert "4 of 96 cells have no answer of net" in caplog.text


def test_columns_are_named_as_the_net_names_them():
    assert net_columns(data(np.zeros(96))).columns.tolist() == [SIZE]


def test_models_are_compared_on_the_same_images(tmp_path, run):
    rows = manifest()
    folder = HonestyFolder(tmp_path)
    write_beside(data(100.0 * rows["label"] + np.arange(len(rows)) % 5), run, folder, "well", 5)
    found = pd.read_csv(folder.differences("well")).set_index(["model", "against", "metric"])
    assert set(found.index.get_level_values("model")) == {
        *("net", "lightgbm_features", "majority_class", "well_position", "cell_count")
    }
    one = found.loc[("net", "chance", "accuracy")]
    assert one[["difference", "n_units", "n_groups"]].tolist() == [pytest.approx(1 / 3), 12, 12]
    assert (found["level"] + found["rule"]).unique().tolist() == ["imagemajority"]
    assert found.loc[("lightgbm_features", "chance", "accuracy"), "difference"] == 0.5


def test_a_model_without_answers_is_compared_with_none():
    rows = manifest()
    known = rows[["key", "group", "fold", "label"]].assign(p_DMSO=0.4, p_drug=0.6)
    found = image_differences(
        {"net": known, "intensity": known.assign(p_DMSO=np.nan)}, rows, CLASSES
    )
    assert set(found["against"]) == {"chance"}


def test_a_net_without_a_table_has_only_baselines_beside_it(tmp_path, run):
    bare = data(np.zeros((96, 1)))
    bare.config.net_config.table_features = ()
    bare.inputs.table = np.zeros((96, 0), np.float32)
    folder = HonestyFolder(tmp_path / "study")
    write_beside(bare, run, folder, "well", trees=5)
    assert list((tmp_path / "study").rglob("*.csv")) == [folder.differences("well")]
    assert "lightgbm_features" not in set(pd.read_csv(folder.differences("well"))["model"])


@pytest.mark.parametrize("name", ["boosted", "sanity", "differences"])
def test_each_split_has_files_of_its_own(name, tmp_path):
    folder = HonestyFolder(tmp_path)
    assert getattr(folder, name)("well") != getattr(folder, name)("site")
