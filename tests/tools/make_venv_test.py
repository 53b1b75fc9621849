"""What `make` pins in an environment with an extra."""

import configparser
import re
from pathlib import Path

import pytest

import make_venv

ROOT = Path(__file__).resolve().parents[2]


def test_a_pin_of_the_extra_stands_in_the_place_of_the_usual_one():
    usual = "# comment\nnumpy==2.4.6\nfill-voids==1.0\nscipy==1.17.1\n"
    extra = "numpy==2.0.2\nfill_voids==2.1.2\ntorch==2.13.0+cpu\n"
    assert make_venv.merge_pins(usual, extra).splitlines() == [
        "numpy==2.0.2",
        "fill_voids==2.1.2",
        "scipy==1.17.1",
        "torch==2.13.0+cpu",
    ]


def test_the_extra_cellpose_is_pinned_within_its_bounds():
    config = configparser.ConfigParser()
    config.read(ROOT / "setup.cfg", encoding="utf-8")
    wanted = re.findall(r"^(\S+) >=", config["options.extras_require"]["cellpose"], re.MULTILINE)
    pinned = (ROOT / "constraints-cellpose.txt").read_text(encoding="utf-8")
    assert wanted == ["cellpose", "torch"]
    assert all(f"\n{name}==" in pinned for name in wanted)
    assert "torch==2.13.0+cpu" in pinned  # the build without CUDA


def test_an_environment_that_is_ready_is_left_alone(tmp_path, monkeypatch):
    def never(folder, extra):
        pytest.fail("installed again")

    monkeypatch.setattr(make_venv, "install", never)
    (tmp_path / "venv").mkdir()
    ready = tmp_path / "venv" / "ready-1"
    ready.touch()
    make_venv.main(ready, "cellpose")


def test_what_a_killed_installation_left_is_cleared_away(tmp_path, monkeypatch):
    words = []

    def run(*given):
        words.append(given)
        if given[1:3] == ("-m", "venv"):
            Path(given[-1]).mkdir()

    monkeypatch.setattr(make_venv, "run", run)
    monkeypatch.chdir(ROOT)
    half = tmp_path / "venv" / "half"
    half.parent.mkdir()
    half.touch()
    make_venv.main(tmp_path / "venv" / "ready-1", "cellpose")
    assert not half.exists()
    assert (tmp_path / "venv" / "ready-1").exists()
    assert words[-1][-1] == ".[dev,cellpose]"
    assert "numpy==2.0.2\n" in (tmp_path / "venv" / "constraints.txt").read_text()
