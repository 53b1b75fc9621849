"""A sweep from its file to its table, with a trainer that only writes figures."""

import dataclasses
import errno
import json
import logging
import math
from typing import Literal

import pandas as pd
import pytest
import tensorflow as tf

from cellscreen import commands
from cellscreen.commands import RECIPES
from cellscreen.errors import ConfigError, DataError
from cellscreen.fitting.recipes import recipe_changes
from cellscreen.fitting.stopping import locked
from cellscreen.training.sweeps.cells import folder_name
from cellscreen.training.sweeps.draws import draw_cells
from cellscreen.training.sweeps.run import exit_status, plan_sweep, plan_text, run_sweep
from cellscreen.training.sweeps.table import read_sweep


@dataclasses.dataclass(frozen=True)
class Rows:
    where: str = ""  # which
    words: tuple[str, ...] = ("a", "b")  # two


@dataclasses.dataclass(frozen=True)
class Config:
    rows: Rows = dataclasses.field(default_factory=Rows)
    net: Literal["plain", "dense"] = "plain"  # which net
    epochs: int = 5  # passes
    rate: float = 0.1  # step
    jit: Literal["auto", "on", "off"] = "auto"  # XLA
    strategy: Literal["none", "multi_worker"] = "none"  # machines

    def __post_init__(self):
        if self.epochs < 1:
            raise ConfigError(f"Expected epochs of 1 or more; got {self.epochs}.")


GRID = {"net": ["plain", "dense"], "where": ["short", "long"]}
NAMES = {"where": {"short": "hours=24", "long": "hours=48; line=x"}}


@pytest.fixture
def sweep_file(tmp_path):
    def write(**parts):
        path = tmp_path / "try.sweep"
        path.write_text(json.dumps({"title": "Two nets"} | parts))
        return path

    return write


@pytest.fixture
def trainer(fake_run):
    """A trainer that notes its cells, raises what it was told to, and writes `values`."""

    class Trainer:
        def __init__(self):
            self.trained, self.trouble, self.values = [], {}, {}

        def __call__(self, config, workdir):
            self.trained.append(workdir.name)
            if workdir.name in self.trouble:
                raise self.trouble[workdir.name]
            config = dataclasses.replace(config, jit="off")  # decided, as `auto` is
            fake_run(workdir, config, self.values.get(workdir.name, 0.8))

    return Trainer()


def run(path, workdir, trainer, base=Config()):
    return run_sweep(plan_sweep(path, base), workdir, trainer, free=lambda: None)


def test_every_cell_is_a_run_folder_with_its_own_config(sweep_file, trainer, tmp_path):
    path = sweep_file(grid=GRID, names=NAMES)
    table = run(path, tmp_path / "s", trainer, Config(epochs=7))
    names = ["plain_short", "plain_long", "dense_short", "dense_long"]
    assert trainer.trained == names
    config = json.loads((tmp_path / "s/dense_long/config.json").read_text())
    assert (config["net"], config["epochs"]) == ("dense", 7)
    assert config["rows"] == {"where": "hours=48; line=x", "words": ["a", "b"]}
    assert list(table.rows["cell"]) == names
    assert list(table.rows["where"]) == ["short", "long"] * 2
    assert exit_status(table) == 0
    row = table.rows.iloc[0]
    assert (row["f1"], row["f1_sd"], row["majority_class_accuracy"]) == (0.8, 0.01, 0.5)
    assert (row["f1_low"], row["f1_high"]) == pytest.approx((0.75, 0.85))
    assert math.isnan(row["majority_class_f1"])


def test_a_killed_sweep_trains_only_the_missing_cells(sweep_file, trainer, tmp_path):
    path = sweep_file(grid=GRID)
    trainer.trouble["dense_short"] = KeyboardInterrupt()
    with pytest.raises(KeyboardInterrupt):
        run(path, tmp_path / "s", trainer)
    half = read_sweep(tmp_path / "s").rows
    assert list(half["status"]) == ["done", "done", "not trained yet", "not trained yet"]
    assert half["f1"].isna().tolist() == [False, False, True, True]
    trainer.trained.clear()
    trainer.trouble.clear()
    table = run(path, tmp_path / "s", trainer)
    assert trainer.trained == ["dense_short", "dense_long"]
    assert set(table.rows["status"]) == {"done"}


def test_a_cell_that_fails_does_not_stop_the_others_and_is_tried_again(
    sweep_file, trainer, tmp_path
):
    path = sweep_file(grid=GRID)
    trainer.trouble["plain_long"] = DataError("Expected two classes; got one.", fix="Label more.")
    table = run(path, tmp_path / "s", trainer)
    assert len(trainer.trained) == 4
    assert exit_status(table) == 1
    saved = read_sweep(tmp_path / "s").rows.set_index("cell")
    assert saved.loc["plain_long", "status"] == "failed"
    assert saved.loc["plain_long", "reason"] == "Expected two classes; got one. Label more."
    page = (tmp_path / "s/sweep.md").read_text()
    assert "3 of 4 cells are trained." in page
    assert "- plain_long: Expected two classes; got one. Label more." in page
    trainer.trouble.clear()
    assert exit_status(run(path, tmp_path / "s", trainer)) == 0
    assert trainer.trained[4:] == ["plain_long"]
    assert "Failed cells" not in (tmp_path / "s/sweep.md").read_text()


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (
            tf.errors.ResourceExhaustedError(None, None, "OOM.\nMore"),
            "ResourceExhaustedError: OOM.",
        ),
        (ZeroDivisionError("by zero"), "ZeroDivisionError: by zero"),
        (OSError(errno.EIO, "broken"), "OSError: [Errno 5] broken"),
    ],
)
def test_a_defect_of_one_cell_does_not_stop_the_others(
    sweep_file, trainer, tmp_path, caplog, error, reason
):
    trainer.trouble["plain"] = error
    table = run(sweep_file(grid={"net": ["plain", "dense"]}), tmp_path / "s", trainer)
    assert trainer.trained == ["plain", "dense"]
    assert table.rows.set_index("cell").loc["plain", "reason"] == reason
    assert "Traceback" in caplog.text


@pytest.mark.parametrize("error", [OSError(errno.ENOSPC, "full"), SystemExit(143)])
def test_a_full_disk_and_a_stop_end_the_sweep(sweep_file, trainer, tmp_path, error):
    trainer.trouble["plain"] = error
    with pytest.raises(type(error)):
        run(sweep_file(grid={"net": ["plain", "dense"]}), tmp_path / "s", trainer)
    assert trainer.trained == ["plain"]


def test_the_table_is_on_disk_after_every_cell(sweep_file, tmp_path, trainer):
    seen = []

    def train(config, workdir):
        seen.append(list(pd.read_csv(tmp_path / "s/sweep.csv")["status"]).count("done"))
        trainer(config, workdir)

    run(sweep_file(grid=GRID), tmp_path / "s", train)
    assert seen == [0, 1, 2, 3]


def test_progress_says_which_cell_and_how_long(sweep_file, trainer, tmp_path, caplog):
    with caplog.at_level(logging.INFO, "cellscreen"):
        run(sweep_file(grid=GRID), tmp_path / "s", trainer)
    assert "Cell 1 of 4: plain_short." in caplog.messages
    assert any(m.startswith("Cell 3 of 4: dense_short; about 0 s left") for m in caplog.messages)


def test_memory_is_freed_after_every_cell_even_a_failed_one(sweep_file, trainer, tmp_path):
    freed = []
    trainer.trouble["plain_long"] = DataError("No.")
    plan = plan_sweep(sweep_file(grid=GRID), Config())
    run_sweep(plan, tmp_path / "s", trainer, free=lambda: freed.append(len(trainer.trained)))
    assert freed == [1, 2, 3, 4]


def test_a_cell_of_another_config_is_refused_before_anything_is_trained(
    sweep_file, trainer, tmp_path
):
    path = sweep_file(grid=GRID)
    run(path, tmp_path / "s", trainer)
    trainer.trained.clear()
    with pytest.raises(ConfigError, match=r"plain_short holds .* another config: epochs: 5 -> 6\."):
        run(path, tmp_path / "s", trainer, Config(epochs=6))
    assert trainer.trained == []


def test_a_second_process_is_refused(sweep_file, trainer, tmp_path):
    refused = pytest.raises(ConfigError, match="is training in this run folder")
    with locked(tmp_path / "s"), refused:
        run(sweep_file(grid=GRID), tmp_path / "s", trainer)
    assert trainer.trained == []


@pytest.mark.parametrize(
    ("cells", "message"),
    [
        (
            [{"epohcs": 3}],
            r'cell \{"epohcs": 3\}: Expected a flag .*\'epohcs\'. Did you mean epoch',
        ),
        ([{"epochs": "many"}], r"flag --epochs=many"),
        ([{"net": "resnet"}], r"resnet.*plain\|dense"),
        ([{"epochs": 0}], r"Expected epochs of 1 or more; got 0\."),
        ([{"net": "plain"}, {"epochs": 5}], r"Expected every cell once; plain is the same"),
        ([{"where": "a"}, {"where": "A"}], r"Expected a folder of its own; 'A'"),
        ([{"strategy": "multi_worker"}], r"Expected a strategy of one process"),
    ],
)
def test_cells_that_cannot_be_trained_are_named_beforehand(sweep_file, cells, message):
    with pytest.raises(ConfigError, match=message) as told:
        plan_sweep(sweep_file(cells=cells), Config())
    assert "try.sweep" in str(told.value)


def test_all_bad_cells_are_told_together(sweep_file):
    cells = [{"epochs": 0}, {"epochs": 3}, {"net": "resnet"}]
    with pytest.raises(ConfigError, match=r"2 of 3 cells cannot be trained:\n  cell") as told:
        plan_sweep(sweep_file(cells=cells), Config())
    assert "resnet" in str(told.value)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"title": "x",\n "grid": }', r"Expected JSON: .*try\.sweep, line 2"),
        ("[]", "Expected a JSON object"),
        ('{"grid": {"net": ["plain"]}}', "Expected a title"),
        ('{"title": "x", "gird": {}}', "Expected the parts title.*got gird"),
        ('{"title": "x", "title": "y"}', "'title' is given twice"),
        ('{"title": "x"}', "Expected cells.*got none"),
        ('{"title": "x", "cells": [3]}', "Expected cells.*got none"),
        ('{"title": "x", "grid": {"net": "plain"}}', "Expected a list of values for 'net'"),
        ('{"title": "x", "grid": {"net": []}}', "Expected a list of values for 'net'"),
        ('{"title": "x", "names": {"net": 1}, "cells": [{}]}', "short names"),
        (
            '{"title": "x", "cells": [{"net": "plain"}],'
            '"paper": {"source": "p", "figures": [{"net": "dense", "f1": 1}]}}',
            r"Expected one cell for the paper's \{'net': 'dense'\}; got 0",
        ),
        (
            '{"title": "x", "cells": [{"net": "plain"}],'
            '"paper": {"figures": [{"net": "plain", "f1": 1}]}}',
            "together with their source",
        ),
        (
            '{"title": "x", "cells": [{"net": "plain"}], "orders": [{"of": "n", "flag": "rate"}]}',
            "none has the flag 'rate'",
        ),
        (
            '{"title": "x", "cells": [{"net": "plain"}],'
            '"orders": [{"of": "n", "flag": "net", "within": [["plain", "cbam"]]}]}',
            "none has the value 'cbam'",
        ),
    ],
)
def test_a_bad_sweep_file_is_told(tmp_path, text, message):
    path = tmp_path / "try.sweep"
    path.write_text(text)
    with pytest.raises(ConfigError, match=message):
        plan_sweep(path, Config())


def test_a_missing_sweep_file_is_told(tmp_path):
    with pytest.raises(ConfigError, match=r"Expected a sweep file: No such file.*none\.sweep"):
        plan_sweep(tmp_path / "none.sweep", Config())


def test_grids_draws_and_cells_add_up(sweep_file):
    path = sweep_file(
        grid=[{"net": ["plain"]}, {"epochs": [2, 3]}],
        random={"draws": 2, "seed": 1, "values": {"rate": {"low": 0.5, "high": 0.9}}},
        cells=[{"epochs": 9, "net": "dense"}],
    )
    plan = plan_sweep(path, Config())
    assert [cell.name for cell in plan.cells[:3]] == ["plain", "epochs-2", "epochs-3"]
    assert [cell.config.rate for cell in plan.cells[:3]] == [0.1] * 3
    assert all(0.5 <= cell.config.rate <= 0.9 for cell in plan.cells[3:5])
    assert plan.cells[5].config == Config(epochs=9, net="dense")
    assert "6 cells\n  plain\n" in plan_text(plan)


def test_draws_are_the_same_for_a_seed_and_keep_their_kind(tmp_path):
    values = {
        "rate": {"low": 1e-4, "high": 1e-1, "log": True},
        "epochs": {"low": 2, "high": 3},
        "net": ["plain", "dense"],
    }
    one, again = (draw_cells({"draws": 40, "seed": 3, "values": values}, tmp_path) for _ in "12")
    other = draw_cells({"draws": 40, "seed": 4, "values": values}, tmp_path)
    assert one == again
    assert one != other
    assert {cell["epochs"] for cell in one} == {2, 3}
    assert {type(cell["epochs"]) for cell in one} == {int}
    rates = [cell["rate"] for cell in one]
    assert all(1e-4 <= rate <= 1e-1 and rate == float(f"{rate:.3g}") for rate in rates)
    assert 10 <= sum(rate < 10**-2.5 for rate in rates) <= 30


@pytest.mark.parametrize(
    ("random", "message"),
    [
        ({"draws": 2, "values": {}}, "Expected draws, seed and values"),
        ({"draws": 0, "seed": 0, "values": {"net": ["plain"]}}, "Expected draws as a whole number"),
        ({"draws": 2, "seed": 0, "values": {"net": ["plain"]}}, "Expected at most 1 draws; got 2"),
        ({"draws": 1, "seed": 0, "values": {"rate": {"low": 2, "high": 1}}}, "low below high"),
        (
            {"draws": 1, "seed": 0, "values": {"rate": {"low": 0, "high": 1, "log": True}}},
            "low above 0",
        ),
    ],
)
def test_bad_draws_are_told(tmp_path, random, message):
    with pytest.raises(ConfigError, match=message):
        draw_cells(random, tmp_path / "try.sweep")


def test_names_of_folders_are_stable_and_can_be_read():
    assert folder_name({"where": "AC16-24h", "net": "plain"}) == "plain_AC16-24h"
    assert folder_name({"rate": 0.001, "epochs": 3, "jit": True}) == "epochs-3_jit-true_rate-0.001"
    assert folder_name({"words": ["a", "b"]}) == "words-a+b"
    assert folder_name({}) == "base"
    odd = folder_name({"where": "line=x; hours=2"})
    assert odd.startswith("line-x-hours-2-")
    assert odd == folder_name({"where": "line=x; hours=2"})
    assert odd != folder_name({"where": "line=x hours=2"})
    assert len(folder_name({"where": "w" * 300})) < 100


PAPER = [
    {"net": net, "where": where, "called": net.title(), "f1": f1}
    for net, where, f1 in (
        ("plain", "short", 0.5),
        ("plain", "long", 0.7),
        ("dense", "short", 0.6),
        ("dense", "long", 0.8),
    )
]


@pytest.fixture
def with_paper(sweep_file):
    return sweep_file(
        grid=GRID,
        paper={"source": "a paper, Table 9", "figures": PAPER},
        orders=[{"of": "nets", "flag": "net"}, {"of": "hours", "flag": "where"}],
    )


def test_the_papers_figures_stand_beside_and_its_order_shows(with_paper, trainer, tmp_path):
    trainer.values = {"plain_short": 0.3, "plain_long": 0.7, "dense_short": 0.32, "dense_long": 0.9}
    table = run(with_paper, tmp_path / "s", trainer)
    assert list(table.rows["paper_f1"]) == [0.5, 0.7, 0.6, 0.8]
    assert list(table.rows["paper_called"]) == ["Plain", "Plain", "Dense", "Dense"]
    assert table.rows["paper_recall"].isna().all()
    page = (tmp_path / "s/sweep.md").read_text()
    assert "pooled. Training took 4 min." in page
    assert "**SIMULATED images: these figures say nothing about real cells.**" in page
    assert 'Columns "paper": a paper, Table 9. Other data' in page
    assert "| plain | short | 0.300 ± 0.010 [0.250, 0.350] | 0.500 |" in page
    # short: 0.32 > 0.30 within 0.05; long: 0.9 > 0.7 beyond it
    assert (
        "Order of nets by mean F1. Paper: plain < dense; here: plain < dense: the paper's order "
        "shows in the means. 2 of 2 pairs, all else equal, stand as in the paper (chance: half); "
        "1 of these are settled"
    ) in page


def test_an_order_that_does_not_show_is_said(with_paper, trainer, tmp_path):
    trainer.values = {"plain_short": 0.9, "plain_long": 0.6, "dense_short": 0.6, "dense_long": 0.7}
    run(with_paper, tmp_path / "s", trainer)
    page = (tmp_path / "s/sweep.md").read_text()
    assert (
        "here: dense < plain: the paper's order does not show. 1 of 2 pairs, all else equal, stand "
        "as in the paper (chance: half); none of these is settled (all 95 % intervals overlap); "
        "1 are settled the other way round."
    ) in page


def test_an_order_of_too_few_cells_is_not_told(with_paper, trainer, tmp_path):
    for cell in ("plain_long", "dense_short", "dense_long"):
        trainer.trouble[cell] = DataError("No.")
    run(with_paper, tmp_path / "s", trainer)
    page = (tmp_path / "s/sweep.md").read_text()
    assert "Order of nets (plain, dense): too few cells have figures to tell." in page


def test_means_of_an_order_are_over_groups_that_have_all(with_paper, trainer, tmp_path):
    trainer.values = {"plain_short": 0.3, "plain_long": 0.99, "dense_short": 0.4}
    trainer.trouble["dense_long"] = DataError("No.")
    run(with_paper, tmp_path / "s", trainer)
    page = (tmp_path / "s/sweep.md").read_text()
    assert "here: plain < dense: the paper's order shows in the means. 1 of 1 pairs" in page


def test_what_was_written_is_read(with_paper, trainer, tmp_path):
    made = run(with_paper, tmp_path / "s", trainer)
    read = read_sweep(tmp_path / "s")
    assert dataclasses.replace(read, rows=made.rows) == dataclasses.replace(made, rows=made.rows)
    made_rows = made.rows.drop(columns=["task", "n_images", "n_groups"])  # the fake says none
    pd.testing.assert_frame_equal(read.rows[list(made_rows)], made_rows, check_dtype=False)
    assert read.simulated
    with pytest.raises(ConfigError, match=r"Expected the folder of a sweep; there is no sweep\.js"):
        read_sweep(tmp_path)


def test_changes_from_a_recipe_are_told(sweep_file, trainer, tmp_path):
    (tmp_path / "base.flags").write_text("# a recipe\n--epochs=150\n--net=dense\n--workers=3\n")
    path = sweep_file(grid={"net": ["plain", "dense"]}, changes_from="base.flags")
    table = run(path, tmp_path / "s", trainer, Config(rate=0.5))
    assert table.changes == ("epochs: 150 -> 5", "rate: 0.1 -> 0.5")
    assert (
        "## Changes from base.flags\n\n- epochs: 150 -> 5\n"
        in (tmp_path / "s/sweep.md").read_text()
    )
    assert recipe_changes(Config(epochs=150, net="dense"), tmp_path / "base.flags") == []
    with pytest.raises(ConfigError, match=r"Expected a recipe: .*none\.flags"):
        recipe_changes(Config(), tmp_path / "none.flags")


@pytest.mark.parametrize(
    ("name", "n_cells", "cell", "where", "f1"),
    [
        ("table3.sweep", 16, "cbam_AC16-Hybrid", "cell_line=AC16; hours=24,48,72", 0.955899),
        ("table1.sweep", 9, "dense_attention_H9C2-36h", "cell_line=H9C2; hours=36", 0.915),
    ],
)
def test_the_papers_tables_are_whole(name, n_cells, cell, where, f1):
    from cellscreen.fitting.recipes import config_from_values, recipe_values
    from cellscreen.training.edges.config import DataConfig, EdgesConfig

    quick = recipe_values(EdgesConfig, RECIPES / "quick.flags") | {"data_dir": "records"}
    plan = plan_sweep(RECIPES / name, config_from_values(EdgesConfig, quick))
    cells = {one.name: one for one in plan.cells}
    assert len(cells) == len(plan.file.figures) == n_cells
    assert cells[cell].config.data == DataConfig(data_dir="records", where=where)
    assert cells[cell].config.fit.epochs == quick["epochs"]
    (found,) = [row for row in plan.file.figures if row | cells[cell].values == row]
    assert found["f1"] == f1
    assert "epochs: 150 -> 40" in plan.changes
    assert not [line for line in plan.changes if line.startswith(("net", "where", "data_dir"))]
    mean = sum(row["f1"] for row in plan.file.figures) / n_cells
    assert mean == pytest.approx({16: 0.908081625, 9: 0.8826667}[n_cells])


def test_the_trainer_finds_a_shipped_sweep_by_name_and_tells_its_plan(capsys):
    words = ["train-edges", "--flagfile=quick.flags", "--data_dir=records", "--sweep=table3.sweep"]
    assert commands.main([*words, "--dry_run"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].endswith("Table III of the hypoxia paper: 16 cells")
    assert lines[1] == "  plain_AC16-24h"
    assert "Changes from paper.flags:" in lines
    assert "  input_size: 128 -> 96" in lines
    assert commands.main(words) == 2
    assert "Expected --workdir" in capsys.readouterr().err
