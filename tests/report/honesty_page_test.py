import numpy as np
import pandas as pd
import pytest

from cellscreen.comparators.honesty_config import HonestyConfig
from cellscreen.comparators.honesty_images import CalledImages
from cellscreen.comparators.honesty_tables import HonestyTables
from cellscreen.models.cell_config import CellNetConfig
from cellscreen.report.honesty_page import write_honesty
from cellscreen.training.cells.config import CellDataConfig, CellsConfig
from cellscreen.votes.bias import bias_figures
from cellscreen.votes.class_table import class_table
from cellscreen.votes.confusion import confusion_counts, largest_confusions
from cellscreen.votes.honesty import honesty_lines
from cellscreen.votes.ranks import rank_table
from cellscreen.votes.reliability import reliability_table

CLASSES = ("DMSO", "drug-1", "drug-2")
NET = CellNetConfig(branches=("mask",), table_features=("Cells_AreaShape_Area",))
CONFIG = HonestyConfig(CellsConfig(CellDataConfig("records"), net_config=NET))
IMAGE = {"level": "image", "rule": "majority"}


def voted(right, seed=0):
    """Sixty images of thirty wells, a share of them called right and the others DMSO."""
    random = np.random.default_rng(seed)
    labels = np.arange(60) // 2 % 3
    called = np.where(random.random(60) < right, labels, 0)
    shares = np.full((60, 3), 0.2)
    shares[np.arange(60), called] = 0.6
    table = pd.DataFrame(shares, columns=[f"p_{name}" for name in CLASSES])
    table = table.assign(label=labels, called=called, unit=range(60))
    return table, pd.Series([f"well {number // 2}" for number in range(60)])


def figures(right, **names):
    return rank_table(*voted(right), CLASSES).assign(**IMAGE, **names)


def made(**changes):
    """The tables of a finished study, and what it says of images."""
    models = {"mask_table_concatenate": 0.9, "lightgbm_features": 0.7, "well_position": 0.5}
    honesty = pd.concat(
        figures(right if split == "well" else 0.1, split=split, model=model)
        for split in ("well", "layout")
        for model, right in models.items()
    )
    table, wells = voted(0.9)
    bias = bias_figures(table, wells, CLASSES, reference="DMSO").assign(**IMAGE, model="net")
    sanity = pd.DataFrame(
        [("well", "accuracy", 0.62, 0.55, 0.7), ("well", "majority_share", 0.6, np.nan, np.nan)],
        columns=["split", "metric", "value", "low", "high"],
    )
    parts = {
        "honesty": honesty,
        "lines": honesty_lines(honesty),
        "ablation": pd.concat([figures(0.5, parts="mask"), figures(0.9, parts="mask+table")]),
        "balance": pd.concat(
            [figures(0.9, remedy="none"), figures(0.6, remedy="focal"), bias.assign(remedy="none")]
        ),
        "sanity": sanity,
        "bias": bias,
        "classes": class_table(table, wells, CLASSES).assign(**IMAGE),
        "confusions": largest_confusions(table, wells, CLASSES).assign(**IMAGE),
        "seconds": 1200.0,
        "left_out": ("site: every well has one field.",),
    }
    curve = reliability_table(table, wells, CLASSES)
    images = CalledImages(confusion_counts(table, CLASSES), curve, "DMSO")
    return HonestyTables(CONFIG, **(parts | changes)), images


def test_the_page_shows_every_part_and_says_simulated(tmp_path, read_page):
    tables, images = made()
    write_honesty(tables, images, tmp_path / "index.html", simulated=True)
    page = (tmp_path / "index.html").read_text()
    read = read_page(page)
    assert not read.open
    assert "SIMULATED DATA" in page
    assert page.count('<span class="tag">simulated</span>') == 8
    assert "learned the position" in read.text("honesty")
    assert read.row("sanity", "well") == ["well", "0.620 [0.550, 0.700]", "0.600"]
    limits = read.text("limits")
    assert "Left out: site: every well has one field." in limits
    assert "All finished steps took 20 minutes." in limits
    for key, text in (
        ("honesty", "LightGBM"),
        ("levels", "majority"),
        ("bias", "DMSO"),
        ("balance", "focal"),
        ("ablation", "mask+table"),
        ("confusion", "drug-1"),
    ):
        assert text in read.text(key), key


def test_a_page_of_real_plates_does_not_say_simulated(tmp_path):
    tables, images = made()
    write_honesty(tables, images, tmp_path / "index.html", simulated=False)
    assert "simulated" not in (tmp_path / "index.html").read_text().lower().replace("--", "")


def test_a_study_that_has_just_begun_claims_nothing(tmp_path, read_page):
    tables = HonestyTables(CONFIG, unfinished=("The training well.",))
    write_honesty(tables, None, tmp_path / "index.html", simulated=True)
    page = (tmp_path / "index.html").read_text()
    assert "Not finished. The training well." in page
    assert "no split is finished" in page
    assert "chance" not in read_page(page).text("limits")


@pytest.mark.parametrize("part", ["ablation", "balance", "sanity"])
def test_a_part_may_be_missing(part, tmp_path):
    tables, images = made(**{part: pd.DataFrame()})
    write_honesty(tables, images, tmp_path / "index.html", simulated=True)
    page = (tmp_path / "index.html").read_text()
    assert "none is finished" in page or "the net has no table" in page
