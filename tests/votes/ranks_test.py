import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import balanced_accuracy_score, f1_score

from cellscreen.errors import DataError
from cellscreen.votes.chance import FIGURES, chance_figures
from cellscreen.votes.ranks import rank_figures, rank_table

SIX = list("abcdef")


def units(labels, rows, called=None, classes=SIX):
    frame = pd.DataFrame(rows, columns=[f"p_{name}" for name in classes], dtype=float)
    called = frame.to_numpy().argmax(axis=1) if called is None else called
    return frame.assign(label=labels, called=called)


def wells(n):
    return pd.Series([f"w{number}" for number in range(n)])


def test_ranks_by_hand():
    rows = [
        (0.4, 0.3, 0.2, 0.1, 0, 0),
        (0.4, 0.3, 0.2, 0.1, 0, 0),
        (0.5, 0.2, 0.1, 0.1, 0.06, 0.04),
    ]
    found = rank_figures(units([0, 2, 5], rows), SIX)
    assert found["accuracy"] == pytest.approx(1 / 3)
    assert found["top_5"] == pytest.approx(2 / 3)
    assert found["mrr"] == pytest.approx((1 + 1 / 3 + 1 / 6) / 3)


def test_classes_without_a_vote_share_their_places():
    # All votes for a; the true class is one of five that stand at places 2 to 6.
    found = rank_figures(units([3], [(1, 0, 0, 0, 0, 0)]), SIX)
    assert found["top_5"] == pytest.approx(4 / 5)
    assert found["mrr"] == pytest.approx((1 / 2 + 1 / 3 + 1 / 4 + 1 / 5 + 1 / 6) / 5)


def test_the_called_class_is_first_of_equals():
    tie = (0.5, 0.5, 0, 0, 0, 0)
    assert rank_figures(units([1], [tie], called=[1]), SIX)["mrr"] == 1
    assert rank_figures(units([0], [tie], called=[1]), SIX)["mrr"] == 0.5


def test_figures_do_not_depend_on_the_order_of_classes():
    random = np.random.default_rng(0)
    votes = random.multinomial(4, np.ones(6) / 6, 40) / 4
    labels = random.integers(6, size=40)
    called = votes.argmax(axis=1)
    order = random.permutation(6)
    place = np.argsort(order)
    turned = units(place[labels], votes[:, order], place[called], [SIX[k] for k in order])
    first = rank_figures(units(labels, votes, called), SIX)
    assert rank_figures(turned, [SIX[k] for k in order]) == pytest.approx(first)


def test_macro_figures_are_over_the_classes_that_occur():
    # a: 2 of 2 right, and called once too often; b: 0 of 1; nobody is c.
    found = rank_figures(units([0, 0, 1], np.eye(3)[[0, 0, 0]], classes=SIX[:3]), SIX[:3])
    assert found["balanced_accuracy"] == pytest.approx((1 + 0) / 2)
    assert found["macro_f1"] == pytest.approx((4 / 5 + 0) / 2)


def test_macro_figures_are_those_of_scikit_learn():
    random = np.random.default_rng(1)
    labels, rows = random.integers(4, size=50), random.dirichlet(np.ones(6), 50)
    table = units(labels, rows)
    found = rank_figures(table, SIX)
    occur = np.unique(labels)
    expected = f1_score(labels, table["called"], labels=occur, average="macro")
    assert found["macro_f1"] == pytest.approx(expected)
    with pytest.warns(UserWarning, match="y_pred contains classes not in y_true"):
        expected = balanced_accuracy_score(labels, table["called"])
    assert found["balanced_accuracy"] == pytest.approx(expected)


def test_top_five_needs_five_classes():
    four, five = SIX[:4], SIX[:5]
    assert np.isnan(rank_figures(units([3], np.eye(4)[:1], classes=four), four)["top_5"])
    assert rank_figures(units([3], np.eye(5)[:1], classes=five), five)["top_5"] == 1


@pytest.mark.parametrize("rows", [np.zeros((0, 6)), np.full((2, 6), np.nan)])
def test_no_units_or_answers_leave_every_figure_undefined(rows):
    labels = np.zeros(len(rows), int)
    table = units(labels, rows, called=labels)
    assert np.isnan(list(rank_figures(table, SIX).values())).all()
    made = rank_table(table, wells(len(rows)), SIX)
    assert made["metric"].tolist() == list(FIGURES)
    assert made[["value", "low", "high"]].isna().all(axis=None)


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"label": -1}, r"from 0 to 5 in label; got -1 in row 0"),
        ({"called": 6}, r"from 0 to 5 in called; got 6 in row 0"),
    ],
)
def test_no_class_numbers_are_told(changes, text):
    with pytest.raises(DataError, match=text):
        rank_figures(units([0], np.eye(6)[:1]).assign(**changes), SIX)


def test_groups_must_fit():
    table = units([0, 1], np.eye(6)[:2])
    with pytest.raises(DataError, match="each of 2 units, on their index; got 3"):
        rank_table(table, wells(3), SIX)
    with pytest.raises(DataError, match="1 have none, the first in row 1"):
        rank_table(table, pd.Series(["w", None]), SIX)


def test_intervals_are_over_wells():
    labels = np.arange(40) % 2
    right = np.repeat([1, 0], 20)
    table = units(labels, np.eye(6)[np.where(right, labels, 1 - labels)])
    by_well = rank_table(table, pd.Series(np.repeat(["x", "y"], 20)), SIX).set_index("metric")
    assert by_well.loc["accuracy", ["low", "high"]].tolist() == [0, 1]
    by_unit = rank_table(table, wells(40), SIX).set_index("metric")
    low, high = by_unit.loc["accuracy", ["low", "high"]]
    assert (low, high) == pytest.approx((0.35, 0.65), abs=0.03)  # 0.5 ± 1.96 · 0.079
    assert by_unit.loc["accuracy", ["n_units", "n_groups"]].tolist() == [40, 40]


def test_draws_are_figures_of_the_units_repeated():
    """The products of counts that intervals are made of, beside the figures of repeated rows."""
    from cellscreen.votes.places import ranked_units
    from cellscreen.votes.ranks import _drawn_figures

    random = np.random.default_rng(2)
    table = units(random.integers(6, size=30), random.dirichlet(np.ones(6), 30))
    groups = np.repeat(np.arange(10), 3)
    counts = random.multinomial(10, np.ones(10) / 10, size=5).astype(float)
    drawn = _drawn_figures(ranked_units(table, SIX), groups, 10, 6)(counts)
    for draw, numbers in enumerate(counts):
        rows = np.repeat(np.arange(30), numbers[groups].astype(int))
        expected = rank_figures(table.iloc[rows], SIX)
        assert {name: values[draw] for name, values in drawn.items()} == pytest.approx(expected)


def test_one_well_has_no_interval_and_all_right_is_not_certain():
    table = units([0, 1, 2], np.eye(6)[:3])
    alone = rank_table(table, pd.Series(["w"] * 3), SIX)
    assert alone[["low", "high"]].isna().all(axis=None)
    three = rank_table(table, wells(3), SIX).set_index("metric")
    assert three.loc["accuracy", "low"] == pytest.approx(3 / (3 + 1.959964**2))
    assert three.loc["macro_f1", "high"] == 1


def test_calling_one_class_throughout_is_not_above_chance():
    labels = np.repeat(np.arange(6), [20, 1, 1, 1, 1, 1])  # draws miss classes of one well
    made = rank_table(units(labels, np.eye(6)[[0] * 25]), wells(25), SIX).set_index("metric")
    for metric in ("accuracy", "macro_f1", "balanced_accuracy"):
        assert made.loc[metric, "low"] <= made.loc[metric, "chance"] + 1e-9


def test_chance_by_hand():
    found = chance_figures(np.array([0, 0, 1, 2]), 6)
    assert found == pytest.approx(
        {
            "accuracy": 0.5,
            "top_5": 1,
            "mrr": 0.5 + 0.25 / 2 + 0.25 / 3,
            "macro_f1": 1 / 3,
            "balanced_accuracy": 1 / 3,
        }
    )
    assert np.isnan(chance_figures(np.array([0]), 4)["top_5"])
    assert np.isnan(list(chance_figures(np.array([], int), 4).values())).all()


def test_a_guess_is_rarely_above_chance():
    """Two wells a class, four images a well, calls that know nothing: intervals must say so."""
    random = np.random.default_rng(3)
    wells_of = np.repeat(np.arange(52), 4)
    labels = np.repeat([*range(20), *range(20), *[0] * 12], 4)
    claims = []
    for draw in range(40):
        called = random.integers(20, size=52)[wells_of]  # images of a well agree
        if draw % 2:
            called = random.choice(labels, len(labels))
        table = units(labels, np.eye(20)[called], called, [f"c{k}" for k in range(20)])
        made = rank_table(table, pd.Series(wells_of), [f"c{k}" for k in range(20)], draws=100)
        claims.append((made["low"] > made["chance"]).to_numpy())
    assert np.mean(claims, axis=0).max() <= 0.1
