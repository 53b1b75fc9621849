import dataclasses

import numpy as np
import pandas as pd
import pytest

from cellscreen.explain.attention_table import attention_table
from cellscreen.explain.deletion import (
    chosen_bags,
    delete_cells,
    deletion_summary,
    deletion_table,
    verdict,
)
from cellscreen.explain.explain_config import ExplainConfig
from cellscreen.explain.fold_net import FoldNet


def ask(embeddings, mask):
    """Two classes: the score of the second is the mean of the cells that are left."""
    mean = (embeddings[..., 0] * mask).sum(axis=1) / mask.sum(axis=1)
    return {"answer": np.stack([1 - mean, mean], axis=1)}


NET = FoldNet(lambda crops: crops, ask)
CELLS = np.array([[1.0], [1.0], [1.0], [0.0]], np.float32)


def deleted(attention, share, draws=200):
    rng = np.random.default_rng(0)
    return delete_cells(NET, CELLS, np.array(attention), [share], draws, rng).iloc[0]


def test_removing_the_one_odd_cell_moves_the_score_most():
    found = deleted([0.1, 0.1, 0.1, 0.7], 0.25)

    # Of 3/4 the score becomes 1 without the odd cell, 2/3 without another.
    assert (found["answer"], found["p"], found["removed"], found["left"]) == (1, 0.75, 1, 3)
    assert (found["most"], found["most_fall"]) == (0.25, -0.25)
    assert found["least"] == pytest.approx(1 / 12)
    assert found["random"] == pytest.approx((3 / 12 + 1 / 4) / 4, abs=0.02)


def test_removing_cells_that_do_not_matter_moves_less_than_random_ones():
    found = deleted([0.7, 0.1, 0.1, 0.1], 0.25)

    assert found["most"] == pytest.approx(1 / 12)
    assert found["most"] < found["random"]


def test_a_share_that_would_leave_nothing_is_left_out():
    found = delete_cells(NET, CELLS, np.ones(4), [0.5, 0.99], 3, np.random.default_rng(0))

    assert found["share"].tolist() == [0.5]


def test_a_bag_of_one_cell_has_no_row():
    found = delete_cells(NET, CELLS[:1], np.ones(1), [0.1], 3, np.random.default_rng(0))

    assert found.empty
    assert "most" in found


def test_cells_of_unknown_attention_are_the_least_attended():
    found = deleted([np.nan, 0.2, 0.3, 0.5], 0.25)

    assert found["least"] == pytest.approx(1 / 12)
    assert found["most"] == 0.25


def test_the_toys_answer_hangs_on_its_attended_cells(toy_explanation):
    asked = toy_explanation()
    found = deletion_table(asked, attention_table(asked))
    affected = found[(found["key"] == "P1/A03") & (found["share"] == 0.5)].iloc[0]

    assert len(found) == 18 * 4
    assert affected["answer"] == "toxic"
    assert affected["most_fall"] > 0.6 > 0.1 > affected["random_fall"]
    assert affected["least_fall"] < 0.01


def test_the_summary_has_an_interval_over_groups():
    bags = pd.DataFrame({"share": 0.1, "group": ["a", "a", "b"], "most": [0.3, 0.5, 0.4]})
    for name in ("random", "least", "most_fall", "random_fall"):
        bags[name] = 0.1
    found = deletion_summary(bags, draws=500).iloc[0]

    assert (found["bags"], found["groups"]) == (3, 2)
    assert found["excess"] == pytest.approx(0.3)
    # Both groups have a mean excess of 0.3, so every draw of groups has it, too.
    assert (found["low"], found["high"]) == (pytest.approx(0.3), pytest.approx(0.3))
    assert found["fall_excess"] == 0
    assert found["verdict"] == "more"


def test_one_group_gives_no_interval_and_no_verdict():
    bags = pd.DataFrame({"share": 0.1, "group": ["a"], "most": [0.3], "random": 0.1, "least": 0})
    found = deletion_summary(bags.assign(most_fall=0.1, random_fall=0.0)).iloc[0]

    assert np.isnan(found["low"])
    assert found["verdict"] == "undefined"


def test_an_interval_that_holds_zero_shows_no_difference():
    assert verdict(-0.1, 0.1) == "no difference shown"
    assert verdict(-0.2, -0.1) == "less"


def test_bags_are_dealt_over_groups(toy_explanation):
    asked = dataclasses.replace(toy_explanation(), config=ExplainConfig(deletion_bags=6))
    found = chosen_bags(asked, range(18))

    assert sorted(asked.manifest["group"].iloc[found]) == ["A", "B", "C", "D", "P1/B05", "P1/B06"]
    assert found == chosen_bags(asked, range(18))
