from pathlib import Path

import pytest

from cellscreen import commands
from cellscreen.commands import honesty, honesty_steps
from cellscreen.commands.honesty_plan import build_step, honesty_plan
from cellscreen.commands.steps import Step
from cellscreen.comparators import honesty_design
from cellscreen.comparators.honesty_config import HonestyConfig
from cellscreen.comparators.honesty_design import Design
from cellscreen.comparators.honesty_trainings import honesty_trainings
from cellscreen.models.cell_config import CellNetConfig
from cellscreen.training.cells.config import CellDataConfig, CellsConfig

DESIGN = Design(sites=2, plates=6, layouts=2, simulated=True)
SMALL = ["--data_dir=records", "--branches=mask", "--table_features=Cells_AreaShape_Area"]


@pytest.fixture
def taken(monkeypatch):
    """The steps that a study takes, none of them really; `fail` makes a training fail."""

    class Seen(list):
        fail = ""

    seen = Seen()

    def train(config, workdir, watch):
        if workdir.name == seen.fail:
            raise KeyboardInterrupt
        seen.append(workdir.name)

    monkeypatch.setattr(commands, "main", lambda words: seen.append(words[0]) or 0)
    monkeypatch.setattr(honesty_design, "read_design", lambda config: DESIGN)
    monkeypatch.setattr(honesty_steps, "train", train)
    monkeypatch.setattr(honesty_steps, "stand_beside", lambda f, split, *a: seen.append(split))
    monkeypatch.setattr(honesty_steps, "write_results", lambda *a: seen.append("page") or ["line"])
    return seen


def run(output, *words):
    return commands.run(honesty, [f"--output={output}", *SMALL, *words])


def test_a_study_trains_splits_remedies_and_parts_with_a_page_after_each(taken, tmp_path, capsys):
    assert run(tmp_path, "--balances=none,focal") == 0
    splits = ["well", "well", "page", "site", "site", "page", "plate", "plate", "page"]
    assert taken[:9] == splits
    assert taken[9:] == [
        *("layout", "layout", "page", "balance-focal", "page"),
        *("only-mask", "only-table", "page"),
    ]
    said = capsys.readouterr().out
    assert "[1 of 11] train-well: the net, folds by well" in said
    assert "the net with the remedy focal" in said
    assert "the net with mask alone" in said
    assert "All SIMULATED" in said


def test_plates_are_prepared_first_where_they_are_given(taken, tmp_path):
    assert run(tmp_path, "--images=plates", "--splits=well", "--balances=", "--noablations") == 0
    assert taken == ["build", "well", "well", "page"]
    words = build_step(Path("plates"), CellDataConfig("records")).words
    assert "--flows=from_labels" in words
    assert f"--platemap={Path('plates/platemap.csv')}" in words


def test_a_study_goes_on_where_it_was_stopped(taken, tmp_path, capsys):
    taken.fail = "plate"
    assert run(tmp_path, "--balances=", "--noablations") == commands.INTERRUPTED
    taken.fail, before = "", len(taken)
    assert run(tmp_path, "--balances=", "--noablations") == 0
    trained = [name for name in taken[before:] if name != "page"]
    assert trained == ["plate", "plate", "layout", "layout"]


def test_a_study_may_grow_but_not_change(taken, tmp_path, capsys):
    assert run(tmp_path, "--splits=well", "--balances=", "--noablations") == 0
    before = len(taken)
    assert run(tmp_path, "--splits=well", "--balances=focal", "--noablations") == 0
    assert [name for name in taken[before:] if name != "page"] == ["balance-focal"]
    assert run(tmp_path, "--epochs=3") == 2
    assert "study of honesty of other flags: epochs: 50 -> 3" in capsys.readouterr().err


def test_a_folder_with_a_comma_is_refused(taken, tmp_path, capsys):
    assert run(f"{tmp_path}/a,b") == 2
    assert "without comma" in capsys.readouterr().err


def test_every_verb_and_flag_of_the_plan_is_known():
    net = CellNetConfig(branches=("mask",), table_features=("Cells_AreaShape_Area",))
    config = HonestyConfig(CellsConfig(CellDataConfig("records"), net_config=net))
    steps = honesty_plan(Path("h"), config, honesty_trainings(config, DESIGN))
    assert len({step.name for step in steps}) == len(steps)
    assert all(isinstance(step, Step) and step.call for step in steps)
    build = build_step(Path("plates"), config.cells.data)
    from cellscreen.commands import build as verb

    known = {word.partition("=")[0].removeprefix("--") for word in build.words[1:]}
    assert known <= set(verb.FLAGS)
