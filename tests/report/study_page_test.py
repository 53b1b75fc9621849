import numpy as np
import pandas as pd
import pytest

from cellscreen.comparators.study_config import StudyConfig
from cellscreen.comparators.study_tables import StudyTables
from cellscreen.comparators.study_words import findings, loses
from cellscreen.report.study_page import write_study
from cellscreen.report.study_text import study_text

CONFIG = StudyConfig(fractions=("0", "0.6"), seeds=("0",))
LEVELS, METRICS = ("well", "compound_dose", "compound"), ("auroc", "auroc_within_folds", "accuracy")


def row(model, value, low, high, difference=(np.nan, np.nan, np.nan)):
    names = ("difference", "difference_low", "difference_high")
    figures = {"model": model, "value": value, "low": low, "high": high}
    return figures | dict(zip(names, difference, strict=True)) | {"repeats": 1}


def tables(**changes):
    rows = {
        0.0: [row("MID", 0.47, 0.36, 0.58), row("cell_count", 0.5, 0.4, 0.6, (-0.03, -0.2, 0.1))],
        0.6: [
            row("MID", 0.9, 0.83, 0.96),
            row("cell_count", 0.7, 0.6, 0.8, (0.2, 0.1, 0.3)),
            row("lightgbm_features", 0.99, 0.97, 1.0, (-0.09, -0.15, -0.02)),
            row("bag_mean", 0.91, 0.83, 0.96, (-0.01, -0.05, 0.04)),
        ],
    }
    figures = [
        one | {"fraction": share, "level": level, "metric": metric}
        for share, some in rows.items()
        for one in some
        for level in LEVELS
        for metric in METRICS
    ]
    doses = [one | {"fraction": 0.6, "dose_um": dose} for dose in (10.0, 0.37) for one in rows[0.6]]
    curves = [
        {"fraction": 0.6, "metric": "auroc", "crops": crops, "averaged": 0.8 + crops / 100}
        | {"draw_low": 0.7, "draw_high": 0.95}
        for crops in (1, 12)
    ]
    enrichment = {"fraction": 0.6, "measure": "attention", "bags_of": "all bags", "bags": 40}
    enrichment |= {"auc": 0.7, "low": 0.6, "high": 0.8, "enrichment": 2.0}
    enrichment |= {"enrichment_low": 1.5, "enrichment_high": 2.5}
    deletion = {"fraction": 0.6, "share": 0.1, "bags": 40, "most": 0.2, "random": 0.1}
    deletion |= {"least": 0.05, "excess": 0.1, "low": 0.05, "high": 0.15, "verdict": "more"}
    made = {
        "figures": pd.DataFrame(figures),
        "doses": pd.DataFrame(doses),
        "curves": pd.DataFrame(curves),
        "deletion": pd.DataFrame([deletion]),
        "enrichment": pd.DataFrame([enrichment]),
        "seconds": 3000.0,
    }
    return StudyTables(CONFIG, **(made | changes))


def nothing(**changes):
    parts = ("figures", "doses", "curves", "deletion", "enrichment")
    return tables(**dict.fromkeys(parts, pd.DataFrame()), seconds=np.nan, **changes)


def test_what_came_out_is_said_of_every_fraction():
    assert findings(tables()) == [
        "Without any effect MID reaches an AUROC of 0.470 (95 % 0.360 to 0.580), which chance "
        "gives as well.",
        "At 60 % MID reaches an AUROC of 0.900 (95 % 0.830 to 0.960), above chance.",
    ]


def test_where_mid_loses_is_said():
    beaten, alike, *by_dose = loses(tables())
    start = "At 60 %, by compound, MID loses to LightGBM on features (0.990; MID minus it -0.090"
    assert beaten.startswith(start)
    start = "At 60 %, by compound, MID cannot be told apart from mean of crops (0.910"
    assert alike.startswith(start)
    assert by_dose[0].startswith("At 60 %, by compound and dose, MID loses to LightGBM")
    assert "cell count" not in beaten + alike


def test_an_effect_where_there_is_none_is_a_warning():
    made = tables()
    empty = made.figures["fraction"] == 0
    made.figures.loc[empty & (made.figures["model"] == "MID"), ["low", "high"]] = 0.55, 0.65
    assert findings(made)[0].endswith("something other than the effect tells the labels.")


def test_a_study_that_has_just_begun_claims_nothing(tmp_path):
    made = nothing(unfinished=("At 0: MID, seed 0.",))
    assert findings(made)[1] == "At 60 % MID is not finished."
    assert loses(made) == ["Nothing that MID could be compared with is finished."]
    write_study(made, tmp_path / "index.html")
    page = (tmp_path / "index.html").read_text()
    assert "Not finished. At 0: MID, seed 0." in page
    assert "no fraction is explained" in page
    assert "SIMULATED" in study_text(made)


def test_the_page_shows_every_part_and_says_simulated(tmp_path, read_page):
    write_study(tables(), tmp_path / "index.html")
    page = (tmp_path / "index.html").read_text()
    read = read_page(page)
    assert not read.open
    ours = read.row("methods", "MID (transformer)")
    assert ours == ["MID (transformer)", "0.470 [0.360, 0.580]", "0.900 [0.830, 0.960]"]
    assert "MID loses to LightGBM on features" in read.text("found")
    assert page.count('<span class="tag">simulated</span>') == 6
    assert "SIMULATED DATA" in page
    for text in (
        "LightGBM on features",
        "0.990 [0.970, 1.000]",
        "−0.090 [−0.150, −0.020]",
        "10 µM",
        "Most minus random",
        "AUC within wells",
        "All finished steps took 50 minutes",
        "crops of a set",
    ):
        assert text in page, text


def test_the_text_has_the_same_tables():
    text = study_text(tables())
    assert "| MID (transformer) | 0.470 [0.360, 0.580] | 0.900 [0.830, 0.960] |" in text
    assert "| LightGBM on features | not trained | −0.090 [−0.150, −0.020] |" in text
    assert "## AUROC of each dose alone, 60 %" in text
    assert text.index("| 1 | 0.810 |") < text.index("| 12 | 0.920 |")


@pytest.mark.parametrize("part", ["doses", "curves", "deletion", "enrichment"])
def test_a_part_may_be_missing(part, tmp_path):
    write_study(tables(**{part: pd.DataFrame()}), tmp_path / "index.html")
    study_text(tables(**{part: pd.DataFrame()}))
    assert (tmp_path / "index.html").is_file()
