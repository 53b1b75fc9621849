import json

import pandas as pd
import pytest

from cellscreen import commands
from cellscreen.plates.table import read_plate_table

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
