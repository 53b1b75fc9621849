import numpy as np
import pandas as pd
import pytest

from cellscreen.errors import DataError
from cellscreen.votes.differences import difference_table
from cellscreen.votes.honesty import honesty_lines
from cellscreen.votes.ranks import rank_table
from cellscreen.votes.standings import standings

CLASSES = ["DMSO", "a", "b"]


def images(called, n=60, classes=CLASSES):
    """Images of as many wells, half of them DMSO, called as a function says."""
    labels = np.where(np.arange(n) % 2, 1 + np.arange(n) // 2 % 2, 0)
    said = np.array([called(number, label) for number, label in enumerate(labels)])
    table = pd.DataFrame(np.eye(len(classes))[said], columns=[f"p_{name}" for name in classes])
    return table.assign(unit=[f"w{number:02d}" for number in range(n)], label=labels, called=said)


def groups(table):
    return pd.Series(table["unit"].to_numpy(), index=table["unit"])


def found(tables):
    first = next(iter(tables.values()))
    made = difference_table(tables, groups(first), CLASSES)
    return made.set_index(["model", "against", "metric"])


ALL_DMSO = images(lambda number, label: 0)
MOSTLY = images(lambda number, label: label if number % 6 in (1, 2) else 0)


def test_a_difference_is_told_where_two_intervals_overlap():
    row = found({"net": MOSTLY, "majority_class": ALL_DMSO}).loc[
        ("net", "majority_class", "accuracy")
    ]
    assert row["difference"] == pytest.approx(10 / 60)
    assert 0 < row["low"] < 10 / 60 < row["high"]
    wells = MOSTLY["unit"]
    alone = rank_table(MOSTLY, wells, CLASSES).set_index("metric").loc["accuracy"]
    other = rank_table(ALL_DMSO, wells, CLASSES).set_index("metric").loc["accuracy"]
    assert alone["low"] < other["high"]  # which by themselves would say nothing


def test_the_interval_of_a_difference_is_that_of_its_sum_over_groups():
    # Every group adds its own difference, so the mean's spread is that of a mean of 60 numbers.
    row = found({"net": MOSTLY, "majority_class": ALL_DMSO}).loc[
        ("net", "majority_class", "accuracy")
    ]
    share = 10 / 60
    spread = 1.96 * np.sqrt(share * (1 - share) / 60)
    assert (row["low"], row["high"]) == pytest.approx((share - spread, share + spread), abs=0.02)


def test_chance_is_the_most_frequent_class_of_each_draw():
    rows = found({"net": ALL_DMSO})
    assert (
        rows.loc[("net", "chance", "accuracy"), ["difference", "low", "high"]].tolist() == [0] * 3
    )
    macro = rows.loc[("net", "chance", "macro_f1")]
    assert macro["difference"] == pytest.approx(2 / 3 / 3 - 1 / 3)
    assert macro["high"] < 0


def test_models_are_compared_in_whatever_order_their_units_come():
    turned = MOSTLY.iloc[::-1].reset_index(drop=True)
    one = found({"net": MOSTLY, "majority_class": ALL_DMSO})
    two = found({"net": turned, "majority_class": ALL_DMSO})
    pd.testing.assert_frame_equal(one, two)


def test_only_units_that_both_have_are_compared():
    fewer = ALL_DMSO.iloc[:40]
    rows = found({"net": MOSTLY, "majority_class": fewer})
    assert rows.loc[("net", "majority_class", "accuracy"), "n_units"] == 40
    assert rows.loc[("net", "chance", "accuracy"), "n_units"] == 60


def test_baselines_stand_beside_chance_alone():
    rows = found({"net": MOSTLY, "majority_class": ALL_DMSO, "well_position": MOSTLY})
    assert set(rows.loc["well_position"].index.get_level_values("against")) == {"chance"}
    assert rows.loc[("net", "well_position", "accuracy"), "difference"] == 0


def test_another_label_of_a_unit_is_told():
    other = ALL_DMSO.assign(label=np.where(ALL_DMSO["unit"] == "w03", 0, ALL_DMSO["label"]))
    with pytest.raises(DataError, match="one label of each unit; models differ in that of w03"):
        found({"net": MOSTLY, "majority_class": other})


def test_lines_are_read_by_differences_where_they_are_there():
    tables = {"net": MOSTLY, "majority_class": ALL_DMSO}
    figures = pd.concat(
        rank_table(table, table["unit"], CLASSES).assign(
            split="well", model=name, level="image", rule="majority"
        )
        for name, table in tables.items()
    )
    apart = difference_table(tables, groups(MOSTLY), CLASSES).assign(split="well")

    def standing(differences):
        rows = standings(figures, differences)
        by = rows.set_index(["model", "against", "metric"])["standing"]
        return by["net", "majority_class", "accuracy"]

    assert standing(None) == "not told apart"
    assert standing(apart) == "above"
    assert standing(apart.assign(n_groups=9)) == "undefined"
    lines = [honesty_lines(figures, given)["line"].iloc[0] for given in (None, apart)]
    assert "Beside the most frequent class: accuracy not told apart, macro-F1 above." in lines[0]
    assert "Above the most frequent class." in lines[1]
