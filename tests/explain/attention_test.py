import numpy as np
import pytest

from cellscreen.explain.attention import bag_attention, set_attention
from cellscreen.explain.fold_net import FoldNet

CELLS = np.array([[1.0], [2.0], [5.0]], np.float32)


def ask(embeddings, mask):
    """Attention in proportion to the embedding; two layers of two heads."""
    weights = np.where(mask, embeddings[..., 0], 0)
    attention = weights / weights.sum(axis=1, keepdims=True)
    uniform = mask / mask.sum(axis=1, keepdims=True)
    # The first layer's CLS token keeps half of its attention for itself.
    first = np.stack([attention / 2, attention / 2], axis=1)
    last = np.stack([attention, uniform], axis=1)
    layers = np.stack([first, last], axis=1)
    return {"attention": attention, "rollout": uniform, "layers": layers}


NET = FoldNet(lambda crops: crops, ask)


def test_attention_of_a_bag_is_relative_to_an_even_share():
    found = bag_attention(NET, CELLS)

    assert found["attention"].tolist() == pytest.approx([3 / 8, 6 / 8, 15 / 8])
    assert found["rollout"].tolist() == pytest.approx([1, 1, 1])


def test_a_layer_is_the_mean_of_its_heads_without_what_the_token_keeps_for_itself():
    found = bag_attention(NET, CELLS)

    assert found["layer_0"].tolist() == pytest.approx([3 / 8, 6 / 8, 15 / 8])
    assert found["layer_1"].tolist() == pytest.approx([(3 / 8 + 1) / 2, 7 / 8, (15 / 8 + 1) / 2])


def test_attention_over_sets_of_all_cells_is_that_of_the_bag():
    found = set_attention(NET, CELLS, set_crops=3, sets=4, seed=(0,))

    assert found["attention"].tolist() == pytest.approx([3 / 8, 6 / 8, 15 / 8])


def test_attention_over_sets_is_the_mean_over_the_sets_that_drew_a_cell():
    # Of sets of two the partners of cell 2 are 0 (5/6) and 1 (5/7); two cells share 2.
    found = set_attention(NET, CELLS, set_crops=2, sets=3000, seed=(0,))

    assert found["attention"][2] == pytest.approx(2 * (5 / 6 + 5 / 7) / 2, abs=0.01)
    assert found["attention"][0] == pytest.approx(2 * (1 / 3 + 1 / 6) / 2, abs=0.01)


def test_a_cell_that_no_set_drew_has_no_attention():
    found = set_attention(NET, CELLS, set_crops=1, sets=1, seed=(0,))

    assert found["attention"].isna().sum() == 2
    assert found["attention"].max() == 1
