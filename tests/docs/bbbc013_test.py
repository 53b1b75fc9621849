"""Runs the blocks of docs/bbbc013.md on the real plate and holds what the page claims."""

import os
import zipfile
from pathlib import Path

import pandas as pd
import pytest

ROOT = Path(__file__).parents[2]
DATA = Path(os.environ.get("CELLSCREEN_DATA", ROOT.parent / "shared" / "data"))


@pytest.fixture(scope="module")
def figures(tmp_path_factory, blocks_of, run_blocks):
    archive = DATA / "bbbc013.zip"
    if not archive.is_file():
        pytest.skip(f"needs bbbc013.zip in {DATA}")
    folder = tmp_path_factory.mktemp("bbbc013")
    zipfile.ZipFile(archive).extractall(folder)
    run_blocks(blocks_of("bbbc013.md"), folder)
    table = pd.read_csv(folder / "dose.csv")
    return table.set_index(["model", "figure"])["rho"]


def passes(figures, model):
    found = figures[model]
    return (
        found["Spearman, Wortmannin"] >= 0.72
        and found["Spearman, LY294002"] >= 0.80
        and found["control AUC"] >= 0.95
        and found["control accuracy at 0.5"] >= 0.9
        and found["empty wells called negative"] >= 0.75
    )


@pytest.mark.slow
def test_the_net_follows_dose_and_controls(figures):
    assert passes(figures, "net"), figures["net"]


@pytest.mark.slow
@pytest.mark.parametrize("model", ["untrained", "shuffled"])
def test_a_net_that_learned_nothing_fails(figures, model):
    assert not passes(figures, model), figures[model]
