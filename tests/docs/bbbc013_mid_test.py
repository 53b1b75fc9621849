"""Runs the blocks of docs/bbbc013-mid.md on the real plate and holds what the page claims."""

import os
import zipfile
from pathlib import Path

import pandas as pd
import pytest

ROOT = Path(__file__).parents[2]
DATA = Path(os.environ.get("CELLSCREEN_DATA", ROOT.parent / "shared" / "data"))


@pytest.fixture(scope="module")
def folder(tmp_path_factory, blocks_of, run_blocks):
    archive = DATA / "bbbc013.zip"
    if not archive.is_file():
        pytest.skip(f"needs bbbc013.zip in {DATA}")
    folder = tmp_path_factory.mktemp("bbbc013_mid")
    zipfile.ZipFile(archive).extractall(folder)
    run_blocks([blocks_of("bbbc013.md")[0], *blocks_of("bbbc013-mid.md")], folder)
    return folder


@pytest.fixture(scope="module")
def figures(folder):
    return pd.read_csv(folder / "dose.csv").set_index(["model", "figure"])["rho"]


def passes(figures, model):
    found = figures[model]
    return (
        found["Spearman, Wortmannin"] >= 0.75
        and found["Spearman, LY294002"] >= 0.80
        and found["control AUC"] >= 0.95
        and found["control accuracy at 0.5"] >= 0.9
        and found["empty wells called negative"] >= 0.75
    )


@pytest.mark.slow
@pytest.mark.parametrize("model", ["net", "compounds"])
def test_the_net_follows_dose_and_controls(figures, model):
    assert passes(figures, model), figures[model]


@pytest.mark.slow
@pytest.mark.parametrize("model", ["untrained", "shuffled", "dna"])
def test_a_net_that_cannot_see_the_change_fails(figures, model):
    assert not passes(figures, model), figures[model]


@pytest.mark.slow
def test_the_explanation_is_one_page(folder):
    page = (folder / "explained" / "index.html").read_text(encoding="utf-8")
    assert "Deletion test" in page
    assert "<script src" not in page
