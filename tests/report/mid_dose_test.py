import dataclasses

import numpy as np
import pandas as pd

from cellscreen.explain.fold_scores import fold_scores
from cellscreen.report.mid_dose import (
    compound_labels,
    compounds_table,
    dose_section,
    drawn_compounds,
    shown_name,
)
from cellscreen.report.mid_dose_drawings import curves_drawing, panels_drawing

DOSES = pd.DataFrame(
    {
        "compound": ["a", "a", "b"],
        "concentration_um": [0.0, 1.0, 10.0],
        "n_wells": [2, 2, 1],
        "mean": [0.1, 0.6, 0.5],
        "sd": [0.1, 0.1, np.nan],
    }
)
POINTS = DOSES.rename(columns={"mean": "score"})


def test_the_section_draws_curves_and_writes_points_and_means(toy_explanation):
    asked = toy_explanation()
    section = dose_section(asked)
    points = pd.read_csv(asked.output / "dose_points.csv")
    means = pd.read_csv(asked.output / "dose_scores.csv")

    assert section.html.count("<svg") == 2
    assert (len(points), len(means)) == (16, 8)
    assert set(means["n_wells"]) == {2}
    assert set(means["shown"]) == {"toxic"}
    assert points["simulated"].all()
    assert points["fold"].notna().all()


def test_without_doses_the_section_is_left_out(toy_explanation):
    asked = toy_explanation()
    scores = asked.scores.drop(columns="Metadata_concentration_um")

    assert "no compounds, doses" in dose_section(dataclasses.replace(asked, scores=scores)).left_out


def test_controls_only_have_no_curves(toy_explanation):
    asked = toy_explanation()
    scores = asked.scores[asked.scores["Metadata_control_type"] == "negcon"]

    left_out = dose_section(dataclasses.replace(asked, scores=scores)).left_out
    assert left_out == "no treated bag with a dose has a score."


def test_of_several_classes_the_own_one_is_drawn(toy_explanation):
    asked = toy_explanation()
    predictions = asked.manifest[["key", "fold"]].assign(p_a=0.2, p_b=0.3, p_c=0.5)
    classes = ("a", "b", "c")
    scores = fold_scores(predictions, asked.index.bags, "moa", classes, "toy", "well")
    asked = dataclasses.replace(asked, task="moa", classes=classes, scores=scores)
    dose_section(asked)

    assert shown_name(asked) == "own class"
    means = pd.read_csv(asked.output / "dose_scores.csv").groupby("compound")["mean"].first()
    assert means.to_dict() == {"A": 0.3, "B": 0.3, "C": 0.2, "D": 0.3}


def test_a_compound_of_two_labels_has_none(toy_explanation):
    asked = toy_explanation()
    assert compound_labels(asked).to_dict() == {
        "A": "toxic",
        "B": "toxic",
        "C": "safe",
        "D": "toxic",
    }
    manifest = asked.manifest.copy()
    manifest.loc[0, "label"] = 0

    assert "A" not in compound_labels(dataclasses.replace(asked, manifest=manifest))


def test_of_many_compounds_both_ends_get_panels():
    names = drawn_compounds(pd.DataFrame({"compound": [f"c{i:02d}" for i in range(40)]}))

    assert names[:2] + names[-2:] == ["c00", "c01", "c38", "c39"]
    assert len(names) == 24


def test_doses_of_zero_and_single_wells_are_drawn():
    labels = pd.Series({"a": "toxic"})
    curves = curves_drawing(DOSES, labels, pd.Series([0.1, 0.2]), "toxic")
    panels = panels_drawing(POINTS, DOSES, ["a", "b"], "toxic")

    assert "Gray band" in curves.caption
    assert "mathdefault" not in curves.svg + panels.svg
    assert "a, b" in panels.svg


def test_log_doses_have_no_middle_line():
    drawn = curves_drawing(DOSES, pd.Series(dtype=str), pd.Series(dtype=float), "x", False)

    assert "dashed" not in drawn.caption


def test_the_table_says_undefined_where_a_dose_has_one_well():
    compounds = pd.DataFrame(
        {
            "compound": ["b"],
            "n_doses": [1],
            "n_wells": [1],
            "mean": [0.5],
            "top_um": [10.0],
            "top_mean": [0.5],
            "top_sd": [np.nan],
            "rise": [np.nan],
        }
    )
    row = compounds_table(compounds, pd.Series(dtype=str)).rows[0]

    assert row == ("b", "not known", "1", "1", "0.500", "10", "0.500", "undefined", "undefined")
