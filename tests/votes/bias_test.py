import numpy as np
import pandas as pd
import pytest

from cellscreen.errors import ConfigError
from cellscreen.votes.bias import bias_figures
from cellscreen.votes.reliability import expected_calibration_error

THREE = ["DMSO", "b", "c"]


def units(labels, called, confidence=0.8):
    rows = np.full((len(labels), 3), (1 - confidence) / 2)
    rows[np.arange(len(labels)), called] = confidence
    frame = pd.DataFrame(rows, columns=[f"p_{name}" for name in THREE])
    return frame.assign(label=labels, called=called)


def figures(table, groups=None, **options):
    wells = pd.Series(np.arange(len(table)) if groups is None else groups)
    return bias_figures(table, wells, THREE, **options).set_index("metric")


def test_figures_by_hand():
    # 2 DMSO, 3 b, 1 c; four called DMSO, one b, one c.
    table = units([0, 0, 1, 1, 1, 2], [0, 2, 0, 0, 1, 0])
    found = figures(table, reference="DMSO")
    assert found["value"].to_dict() == pytest.approx(
        {
            "frequency_distance": (2 + 2 + 0) / 2 / 6,
            "largest_call": 4 / 6,
            "top_wrong": 3 / 4,
            "called_reference": 4 / 6,
            "true_reference": 2 / 6,
            "others_called_reference": 3 / 4,
            "confidence": 0.8,
            "ece": 0.8 - 2 / 6,
        }
    )
    about = found["about"].to_dict()
    assert about["top_wrong"] == about["largest_call"] == about["true_reference"] == "DMSO"
    assert about["ece"] == ""
    assert (found["low"] <= found["value"] + 1e-12).all()
    assert (found["value"] <= found["high"]).all()
    assert found.loc["top_wrong", "low"] < found.loc["top_wrong", "high"]


def test_calling_everything_dmso_shows():
    table = units(np.repeat([0, 1, 2], [2, 9, 9]), [0] * 20)
    found = figures(table, reference="DMSO")["value"]
    assert found["frequency_distance"] == pytest.approx(0.9)
    assert found["others_called_reference"] == found["largest_call"] == found["top_wrong"] == 1


def test_a_share_of_one_is_no_certainty():
    found = figures(units([0, 0, 1, 1], [0, 0, 0, 0]), reference="DMSO")
    low = {name: found.loc[name, "low"] for name in ("others_called_reference", "largest_call")}
    z = 1.959964**2
    assert low == pytest.approx(
        {"others_called_reference": 2 / (2 + z), "largest_call": 4 / (4 + z)}
    )


def test_without_a_reference_nothing_is_said_of_one():
    found = figures(units([0, 1], [0, 1]))
    assert not [name for name in found.index if name.endswith("reference")]


def test_without_a_wrong_call_or_others_figures_are_undefined():
    found = figures(units([0, 0], [0, 0]), reference="DMSO")
    assert np.isnan(found.loc[["top_wrong", "others_called_reference"], "value"]).all()
    assert found.loc["others_called_reference", ["low", "high"]].isna().all()


def test_the_calibration_error_is_the_same_as_of_probabilities():
    random = np.random.default_rng(0)
    rows = random.dirichlet(np.ones(3), 80)
    labels = random.integers(3, size=80)
    table = pd.DataFrame(rows, columns=[f"p_{name}" for name in THREE])
    table = table.assign(label=labels, called=rows.argmax(axis=1))
    found = figures(table)["value"]["ece"]
    assert found == pytest.approx(expected_calibration_error(labels, rows))


def test_intervals_are_over_wells():
    table = units([1] * 8, [0] * 4 + [1] * 4)
    of_two = figures(table, ["x"] * 4 + ["y"] * 4, reference="DMSO")
    assert of_two.loc["others_called_reference", ["low", "high"]].tolist() == [0, 1]
    assert of_two["n_groups"].eq(2).all()
    assert figures(table, ["x"] * 8)[["low", "high"]].isna().all(axis=None)


def test_no_units_leave_every_figure_undefined():
    found = figures(units(np.array([], int), np.array([], int)), reference="b")
    assert found[["value", "low", "high"]].isna().all(axis=None)


def test_a_reference_that_is_no_class_is_told():
    with pytest.raises(ConfigError, match="such as DMSO; got 'dmso'"):
        figures(units([0], [0]), reference="dmso")
