import math

import pandas as pd
import pytest

from cellscreen.comparators.honesty_config import HonestyConfig
from cellscreen.comparators.honesty_folder import HonestyFolder
from cellscreen.comparators.honesty_tables import read_honesty
from cellscreen.comparators.honesty_trainings import Trainings
from cellscreen.comparators.step_marks import mark_step
from cellscreen.training.cells.config import CellDataConfig, CellsConfig

NET = "mask_flow_concatenate"
CONFIG = HonestyConfig(CellsConfig(CellDataConfig("records")))
TRAININGS = Trainings(
    configs=dict.fromkeys(["well", "layout", "balance-focal", "only-mask"], CONFIG.cells),
    splits={"well": "well", "layout": "layout"},
    balances={"none": "well", "focal": "balance-focal"},
    ablations={"mask": "only-mask", "mask+flow": "well"},
    left_out=("site: every well has one field.",),
)


def levels(accuracy, net=NET, fold="pooled"):
    """Figures of a net and of a baseline at the level of images."""
    figure = {"level": "image", "rule": "majority", "fold": fold, "low": accuracy - 0.05}
    figure |= {"high": accuracy + 0.05, "chance": 0.5, "n_units": 40, "n_groups": 20}
    rows = [
        figure | {"model": net, "metric": metric, "value": accuracy}
        for metric in ("accuracy", "macro_f1")
    ]
    position = {"model": "well_position", "value": 0.52, "low": 0.45, "high": 0.6}
    return pd.DataFrame([*rows, *(row | position for row in rows)])


def write_run(folder, name, accuracy, net=NET):
    """A finished run, as far as tables read it."""
    path = folder.run(name)
    path.mkdir(parents=True)
    both = pd.concat([levels(0.1, net, "0"), levels(accuracy, net)])
    both.to_csv(path / "levels.csv", index=False)
    bias = {"level": "image", "rule": "majority", "model": net, "metric": "called_reference"}
    bias |= {"value": 0.3, "low": 0.2, "high": 0.4, "about": "DMSO"}
    pd.DataFrame([bias]).to_csv(path / "bias.csv", index=False)
    for file in ("classes.csv", "confusions.csv"):
        pd.DataFrame({"level": ["image"], "rule": ["majority"]}).to_csv(path / file, index=False)
    (path / "run.json").write_text("{}")


@pytest.fixture
def folder(tmp_path):
    return HonestyFolder(tmp_path)


def read(folder):
    return read_honesty(folder.root, CONFIG, TRAININGS)


def test_a_study_that_has_just_begun_has_no_rows(folder):
    tables = read(folder)
    assert not len(tables.honesty)
    assert tables.unfinished == (
        "The training well.",
        "The training layout.",
        "The training balance-focal.",
        "The training only-mask.",
    )
    assert tables.left_out == TRAININGS.left_out
    assert math.isnan(tables.seconds)
    tables.write(folder.root)
    assert not list(folder.root.glob("*.csv"))


def test_pooled_figures_of_every_split_and_model_stand_in_one_table(folder):
    write_run(folder, "well", 0.8)
    write_run(folder, "layout", 0.5)
    beside = levels(0.7, "lightgbm_features").query("model == 'lightgbm_features'")
    path = folder.boosted("well")
    path.parent.mkdir()
    beside.drop(columns="fold").to_csv(path, index=False)
    rows = read(folder).honesty.query("metric == 'accuracy'")
    assert dict(
        zip(zip(rows["split"], rows["model"], strict=True), rows["value"], strict=True)
    ) == {
        ("well", NET): 0.8,
        ("well", "well_position"): 0.52,
        ("well", "lightgbm_features"): 0.7,
        ("layout", NET): 0.5,
        ("layout", "well_position"): 0.52,
    }


def test_a_drop_on_another_layout_is_concluded(folder):
    write_run(folder, "well", 0.8)
    write_run(folder, "layout", 0.5)
    lines = read(folder).lines.set_index(["model", "split"])["line"]
    assert (
        "Above chance under well, but on another layout not told from chance and lower"
        in (lines[NET, "all"])
    )
    assert "learned the position" in lines[NET, "all"]


def test_differences_decide_what_is_said_of_the_splits_that_have_them(folder):
    write_run(folder, "well", 0.52)  # [0.47, 0.57] beside a chance of 0.5
    write_run(folder, "layout", 0.52)
    assert read(folder).lines.query("split == 'well'")["standing"].item() == "not told apart"
    one = {"model": NET, "against": "chance", "difference": 0.02, "low": 0.01, "high": 0.03}
    one |= {"n_units": 40, "n_groups": 20, "level": "image", "rule": "majority"}
    path = folder.differences("well")
    path.parent.mkdir()
    both = pd.DataFrame([one | {"metric": metric} for metric in ("accuracy", "macro_f1")])
    both.to_csv(path, index=False)
    tables = read(folder)
    standing = tables.lines.set_index("split")["standing"]
    assert (standing["well"], standing["layout"]) == ("above", "not told apart")
    assert set(tables.differences["split"]) == {"well"}
    tables.write(folder.root)
    assert (folder.root / "differences.csv").is_file()


def test_remedies_and_parts_have_the_nets_rows_whatever_it_is_called(folder):
    write_run(folder, "well", 0.8)
    write_run(folder, "balance-focal", 0.6)
    write_run(folder, "only-mask", 0.7, net="mask_concatenate")
    tables = read(folder)
    accuracy = tables.ablation.query("metric == 'accuracy'")
    assert dict(zip(accuracy["parts"], accuracy["value"], strict=True)) == {
        "mask": 0.7,
        "mask+flow": 0.8,
    }
    balance = tables.balance.set_index(["remedy", "metric"])["value"]
    assert balance["focal", "accuracy"] == 0.6
    assert balance["none", "called_reference"] == 0.3
    assert tables.unfinished == ("The training layout.",)


def test_tables_are_written_and_the_time_of_steps_is_added_up(folder):
    write_run(folder, "well", 0.8)
    mark_step(folder.root, "a", 60.0)
    mark_step(folder.root, "b", 30.0)
    tables = read(folder)
    assert tables.seconds == 90
    tables.write(folder.root)
    written = {path.name for path in folder.root.glob("*.csv")}
    assert written == {"honesty.csv", "lines.csv", "ablation.csv", "balance.csv"}
