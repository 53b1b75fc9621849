import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.utils.class_weight import compute_class_weight

from cellscreen.errors import ConfigError, DataError
from cellscreen.pipelines.balance import (
    BalanceConfig,
    chosen_rows,
    class_weights,
    effective_counts,
    sampling_probabilities,
)

BALANCED, DRAWN = BalanceConfig(class_weights="balanced"), BalanceConfig(sampling="balanced")
DOWN = BalanceConfig(sampling="downsample")


def rows_of(*sizes):
    labels = np.repeat(np.arange(len(sizes)), sizes)
    return pd.DataFrame({"key": [f"p/A01/{n}" for n in range(len(labels))], "label": labels})


def test_balanced_weights_are_those_of_scikit_learn():
    labels = np.array([0, 0, 0, 1, 2, 2])
    expected = compute_class_weight("balanced", classes=np.arange(3), y=labels)
    np.testing.assert_allclose(class_weights(labels, 3, BALANCED), expected, rtol=1e-6)
    np.testing.assert_allclose(expected, [2 / 3, 2, 1])


def test_a_class_without_images_changes_no_other_weight():
    weights = class_weights(np.array([0, 0, 0, 2]), 4, BALANCED)
    np.testing.assert_allclose(weights, [4 / 6, 1, 2, 1], rtol=1e-6)


def test_without_balance_weights_are_one_and_every_row_is_taken():
    rows = rows_of(5, 2)
    plain = BalanceConfig()
    assert class_weights(rows["label"].to_numpy(), 2, plain).tolist() == [1, 1]
    assert sampling_probabilities(rows["label"].to_numpy(), 2, plain) is None
    assert chosen_rows(rows, plain, 0).equals(rows.index)


def test_dmso_is_cut_to_the_second_largest_class():
    rows = rows_of(509, 18, 7, 18, 12)  # 509 and 18 as in paper 002
    chosen = chosen_rows(rows, DOWN, seed=0)
    assert rows.loc[chosen, "label"].value_counts(sort=False).tolist() == [18, 18, 7, 18, 12]


def test_the_third_largest_class_can_be_the_measure():
    rows = rows_of(3, 40, 9, 20)
    chosen = chosen_rows(rows, BalanceConfig(sampling="downsample", downsample_to=3), seed=0)
    assert rows.loc[chosen, "label"].value_counts(sort=False).tolist() == [3, 9, 9, 9]


@given(st.integers(0, 2**31 - 1), st.randoms(use_true_random=False))
@settings(max_examples=20, deadline=None)
def test_down_sampling_depends_on_keys_and_seed_and_not_on_the_order_of_rows(seed, random):
    rows = rows_of(30, 4)
    order = list(rows.index)
    random.shuffle(order)
    first, second = (set(chosen_rows(part, DOWN, seed)) for part in (rows, rows.loc[order]))
    assert first == second
    assert len(first) == 8


def test_another_seed_draws_other_rows_and_their_order_is_kept():
    rows = rows_of(30, 4).set_index(np.arange(34)[::-1])
    first, second = (chosen_rows(rows, DOWN, seed) for seed in (0, 1))
    assert list(first) != list(second)
    assert list(first) == sorted(first, reverse=True)


def test_balanced_sampling_draws_every_class_that_is_there_equally():
    labels = np.array([0, 0, 0, 0, 2])
    np.testing.assert_allclose(sampling_probabilities(labels, 4, DRAWN), [0.5, 0, 0.5, 0])


@pytest.mark.parametrize(
    ("config", "line"),
    [
        (DOWN, "a: 6 images, 2 an epoch, weight 1.00; b: 2 images, 2 an epoch, weight 1.00"),
        (DRAWN, "a: 6 images, 4 an epoch, weight 1.00; b: 2 images, 4 an epoch, weight 1.00"),
        (BALANCED, "a: 6 images, 6 an epoch, weight 0.67; b: 2 images, 2 an epoch, weight 2.00"),
    ],
)
def test_the_log_says_what_an_epoch_takes_of_each_class(config, line):
    assert effective_counts(rows_of(6, 2), ("a", "b", "c"), config, 0) == f"{line}; c: no image"


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"class_weights": "auto"}, "Expected class_weights of none, balanced; got 'auto'"),
        ({"sampling": "up"}, "Expected sampling of all, balanced, downsample; got 'up'"),
        ({"downsample_to": 1}, "downsample_to of 2 or more; got 1"),
        ({"class_weights": "balanced", "sampling": "balanced"}, "got both"),
    ],
)
def test_a_field_out_of_bounds_is_an_error(fields, message):
    with pytest.raises(ConfigError, match=message):
        BalanceConfig(**fields)


def test_fewer_classes_than_the_measure_is_an_error():
    config = BalanceConfig(sampling="downsample", downsample_to=3)
    with pytest.raises(DataError, match=r"3 classes or more .*3\. largest; got 2.*downsample_to"):
        chosen_rows(rows_of(5, 2), config, 0)
