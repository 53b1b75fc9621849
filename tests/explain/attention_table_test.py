import dataclasses

import numpy as np
import pandas as pd
import pytest

from cellscreen.explain.attention_table import attention_table, cell_places, relative_rank
from cellscreen.explain.explain_config import ExplainConfig


def test_every_cell_of_a_held_out_bag_is_in_the_table(toy_explanation):
    found = attention_table(toy_explanation())

    assert len(found) == 18 * 8
    assert found.groupby("row")["attention"].mean().tolist() == pytest.approx([1.0] * 18)
    affected = found[(found["key"] == "P1/A03") & (found["cell"] < 3)]
    assert (affected["attention"] > 2).all()
    assert affected["rank"].tolist() == pytest.approx([5 / 7, 6 / 7, 1])


def test_a_cell_says_where_it_lies_and_what_its_well_got(toy_explanation):
    cell = attention_table(toy_explanation(), rows=[2]).iloc[5]

    assert (cell["x_px"], cell["y_px"], cell["object_id"]) == (18.0, 20.0, 6)
    assert cell["field_key"] == "P1/A03/1"
    assert cell["Metadata_pert_iname"] == "A"
    assert cell["Metadata_concentration_um"] == 10.0
    assert bool(cell["Metadata_simulated"])


def test_bags_that_no_fold_held_out_or_without_cells_are_not_explained(toy_explanation):
    asked = toy_explanation()
    manifest = asked.manifest.copy()
    manifest.loc[0, "fold"] = -1
    manifest.loc[1, "cells"] = 0
    asked = dataclasses.replace(asked, manifest=manifest)

    assert asked.held_out.tolist() == list(range(2, 18))
    assert attention_table(asked)["row"].min() == 2


def test_no_bag_at_all_is_an_empty_table(toy_explanation):
    assert attention_table(toy_explanation(), rows=[]).empty


def test_attention_over_sets_is_the_same_every_time(toy_explanation):
    config = ExplainConfig(attention_over="sets", attention_sets=30)
    one, other = (attention_table(toy_explanation(config=config), rows=[2]) for _ in range(2))

    pd.testing.assert_frame_equal(one, other)
    assert (one["attention"][:3] > one["attention"][3:].max()).all()


def test_cells_of_several_fields_follow_each_other(toy_explanation):
    asked = toy_explanation()
    of_bag = (np.array([0, 1]), *asked.index.of_bag[1:])
    asked = dataclasses.replace(asked, index=dataclasses.replace(asked.index, of_bag=of_bag))

    assert cell_places(asked, 0)["field"].tolist() == [0] * 8 + [1] * 8


def test_ranks_of_equal_values_are_their_mean_and_one_value_is_in_the_middle():
    assert relative_rank(pd.Series([5.0, 1.0, 5.0])).tolist() == [0.75, 0.0, 0.75]
    assert relative_rank(pd.Series([3.0])).tolist() == [0.5]
    assert relative_rank(pd.Series([3.0, np.nan, 4.0])).tolist()[::2] == [0.0, 1.0]


def test_a_bag_is_embedded_once_while_there_is_room(toy_explanation, monkeypatch):
    asked = toy_explanation()
    asked.embed(0)
    monkeypatch.setattr(type(asked.index), "read_crops", None)

    assert asked.embed(0).shape == (8, 2)


def test_a_bag_for_which_there_is_no_room_is_embedded_again(toy_explanation, monkeypatch):
    monkeypatch.setattr("cellscreen.explain.explain_input.KEPT_BYTES", 70)
    asked = toy_explanation()
    asked.embed(0)
    asked.embed(1)

    assert list(asked._kept) == [0]
