import json

import pandas as pd
import pytest

from cellscreen import commands
from cellscreen.plates.table import read_plate_table

TINY = ["--compounds=2", "--doses=1", "--replicates=1", "--control_wells=1", "--poscon_wells=1"]
SMALL = ["--size_px=96", "--wells=2", "--sites=1", "--workers=1"]


def test_cultures_make_a_plate_table(tmp_path, capsys):
    out = tmp_path / "cultures"
    flags = [f"--output={out}", "--cell_lines=AC16", "--hours=12,48", *SMALL]
    assert commands.main(["simulate", *flags]) == 0
    assert f"8 simulated images of 4 plates are in {out}" in capsys.readouterr().out
    table = read_plate_table(out)
    assert table["Metadata_simulated"].all()
    assert set(table["Metadata_hours"]) == {12.0, 48.0}
    assert set(table["Metadata_condition"]) == {"normoxia", "hypoxia"}


def test_a_screen_of_chosen_size_and_doses(tmp_path):
    flags = [f"--output={tmp_path}", "--kind=screen", "--compounds=3", "--protectors=1", *SMALL]
    flags += ["--one_line=1", "--toxic=1", "--control_wells=2", "--concentrations_um=5,10"]
    flags += ["--sites_of_wells=1,1"]
    assert commands.main(["simulate", *flags]) == 0
    table = pd.read_csv(tmp_path / "images.csv")
    assert set(table["concentration_um"].dropna()) == {5.0, 10.0}
    assert set(table["cell_line"]) == {"AC16", "H9C2"}
    assert set(pd.read_csv(tmp_path / "truth.csv")["kind"]) == {"protects", "one_line", "toxic"}


def test_the_given_flags_are_the_config(tmp_path):
    flags = [f"--output={tmp_path}", "--cell_lines=H9C2", "--hours=36", "--seed=3", *SMALL]
    assert commands.main(["simulate", *flags, "--difficulty=1.5"]) == 0
    config = json.loads((tmp_path / "simulation.json").read_text())
    assert (config["seed"], config["difficulty"], config["size_px"]) == (3, 1.5, 96)
    assert [line["culture_hours"] for line in config["lines"]] == [[36]]


def test_plates_in_a_microscopes_layout(tmp_path, capsys):
    out = tmp_path / "plates"
    flags = [f"--output={out}", "--kind=cardiotox", "--layout=harmony", "--size_px=32", *TINY]
    assert commands.main(["simulate", *flags, "--sites=2", "--cell_truth"]) == 0
    told = f"24 simulated images (cardiotox, layout harmony) are in {out}"
    assert told in capsys.readouterr().out
    table = read_plate_table(out)
    assert len(table) == 24
    assert set(table["channel"]) == {"DNA", "MMP", "ROS"}
    assert len(list(out.glob("cell_truth/*/*.csv"))) == 8


def test_what_is_not_given_is_that_of_the_kind(tmp_path):
    flags = [f"--output={tmp_path}", "--kind=translocation", "--size_px=32", *TINY]
    assert commands.main(["simulate", *flags, "--affected_fraction=0", "--seed=4"]) == 0
    config = json.loads((tmp_path / "simulation.json").read_text())
    assert (config["affected_fraction"], config["seed"], config["doses"]) == (0, 4, 1)
    assert (config["assay"]["name"], config["layout"]) == ("translocation", "images_csv")
    table = read_plate_table(tmp_path)
    assert table["Metadata_simulated"].all()
    assert set(table["channel"]) == {"GFP", "DNA"}


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (["--kind=screen", "--doses=3"], "Expected no --doses with --kind=screen"),
        (["--kind=cardiotox", "--wells=3"], "Expected no --wells with --kind=cardiotox"),
        (["--layout=harmony"], "Expected no --layout with --kind=cultures"),
        (["--kind=cardiotox", "--layout=lif"], "Expected a layout among harmony"),
        (["--kind=cardiotox", "--affected_fraction=2"], "affected_fraction from 0 to 1, got 2"),
    ],
)
def test_flags_of_another_kind_are_told(tmp_path, capsys, flags, message):
    assert commands.main(["simulate", f"--output={tmp_path}", *flags]) == 2
    assert message in capsys.readouterr().err
    assert not any(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("flag", "message"),
    [
        ("--cell_lines=HeLa", "Expected cell lines among AC16, H9C2, got 'HeLa'"),
        ("--hours=two", "Expected numbers in --hours, got 'two'"),
        ("--sites_of_wells=1.5", "Expected whole numbers in --sites_of_wells, got '1.5'"),
        ("--hours=13", "imaged at one of the chosen hours"),
        ("--wells=20", "Expected 1 to 12 wells, got 20"),
    ],
)
def test_wrong_flags_are_told(tmp_path, capsys, flag, message):
    assert commands.main(["simulate", f"--output={tmp_path}", flag]) == 2
    assert message in capsys.readouterr().err


def test_help_says_what_comes_out(capsys):
    assert commands.main(["simulate", "--help"]) == 0
    text = capsys.readouterr().out
    assert "truth.csv" in text
    assert "--difficulty" in text
