import copy

import keras
import numpy as np
import pytest

from cellscreen.errors import ConfigError, DataError
from cellscreen.models.cell_config import CellNetConfig
from cellscreen.models.cell_layers import TableNormalization
from cellscreen.models.tabular_branch import (
    adapt_table,
    column_places,
    table_features_of,
    table_moments,
    tabular_branch,
)

NAMES = ("Area", "Extent")


def _model(**fields):
    config = CellNetConfig(branches=(), table_features=NAMES, **fields)
    table = keras.Input((2,), name="table")
    return keras.Model({"table": table}, tabular_branch(config, table))


def _standard(model, table):
    inner = keras.Model(model.input, model.get_layer("table_normalization").output)
    return np.asarray(inner({"table": np.array(table, np.float32)}))


def test_columns_are_standardised_and_missing_values_are_the_mean():
    model = _model()
    adapt_table(model, [10.0, 0.5], [4.0, 0.01])
    found = _standard(model, [[14, 0.5], [10, 0.7], [np.nan, 0.4], [np.nan, np.nan]])
    np.testing.assert_allclose(found, [[2, 0], [0, 2], [0, -1], [0, 0]], atol=1e-5)


def test_flags_of_missing_values_follow_the_columns():
    model = _model(missing_flags=True)
    adapt_table(model, [10.0, 0.5], [4.0, 0.01])
    found = _standard(model, [[12, np.nan], [np.nan, 0.5]])
    np.testing.assert_allclose(found, [[1, 0, 0, 1], [0, 0, 1, 0]], atol=1e-6)


def test_a_missing_value_leaves_gradients_finite():
    import tensorflow as tf

    layer = TableNormalization(NAMES, flags=True)
    table = tf.constant([[np.nan, 1.0]])
    with tf.GradientTape() as tape:
        tape.watch(table)
        total = tf.reduce_sum(layer(table) ** 2)
    assert np.isfinite(tape.gradient(total, table)).all()


def test_a_compiled_net_follows_a_later_adaptation():
    """What Keras' own Normalization does not: it keeps the constants that were traced."""
    model = _model()
    inner = keras.Model(model.input, model.get_layer("table_normalization").output)
    table = {"table": np.array([[14, 0.5]], np.float32)}
    adapt_table(model, [10.0, 0.5], [4.0, 0.01])
    np.testing.assert_allclose(inner.predict(table, verbose=0), [[2, 0]], atol=1e-5)
    adapt_table(model, [12.0, 0.4], [4.0, 0.01])
    np.testing.assert_allclose(inner.predict(table, verbose=0), [[1, 1]], atol=1e-5)


def test_copied_weights_bring_the_statistics():
    model, other = _model(), _model()
    adapt_table(model, [10.0, 0.5], [4.0, 0.01])
    other.set_weights(copy.copy(model.get_weights()))
    np.testing.assert_allclose(_standard(other, [[14, 0.5]]), [[2, 0]], atol=1e-5)


def test_large_values_keep_their_digits_in_mixed_precision():
    before = keras.config.dtype_policy()
    try:
        keras.config.set_dtype_policy("mixed_bfloat16")
        model = _model()
    finally:
        keras.config.set_dtype_policy(before)
    adapt_table(model, [10000.0, 0.5], [4.0, 0.01])
    np.testing.assert_allclose(_standard(model, [[10002, 0.5]]), [[1, 0]], atol=1e-5)


def test_moments_are_over_the_values_that_are_there():
    mean, variance = table_moments(np.array([[1, np.nan], [3, np.nan], [np.nan, np.nan]]))
    np.testing.assert_array_equal(mean, [2, np.nan])
    np.testing.assert_array_equal(variance, [1, np.nan])


@pytest.mark.parametrize(
    ("mean", "variance", "message"),
    [
        ([1, 2], [0, 1], r"1 are constant \(variance 0\): Area\. Leave them out"),
        ([1, 2], [0, 0], r"2 are constant \(variance 0\): Area, Extent"),
        ([1, np.nan], [1, np.nan], r"1 have no value among them, or an infinite one: Extent"),
        ([np.inf, 1], [np.nan, 1], r"1 have no value among them, or an infinite one: Area"),
    ],
)
def test_columns_that_cannot_be_standardised_are_named(mean, variance, message):
    with pytest.raises(DataError, match=message):
        adapt_table(_model(), mean, variance)


def test_rounding_of_a_constant_is_constant():
    values = np.full((1000, 2), [0.1, 0.2], np.float32)
    values[0, 1] = 0.3
    mean, variance = table_moments(values)
    variance[0] = (0.1 * 1e-7) ** 2
    with pytest.raises(DataError, match=r"constant \(variance 0\): Area\."):
        adapt_table(_model(), mean, variance)


def test_moments_of_another_table_are_refused():
    with pytest.raises(ConfigError, match=r"each of 2 columns; got the shape \(3,\)"):
        adapt_table(_model(), [1, 2, 3], [1, 1, 1])


def test_columns_are_matched_by_name():
    values = np.array([[7, 0.1, 30], [8, 0.2, 40]])
    places = column_places(NAMES, ["Site", "Extent", "Area"])
    np.testing.assert_array_equal(values[:, places], [[30, 0.1], [40, 0.2]])
    assert table_features_of(_model()) == NAMES


def test_missing_and_double_columns_are_named():
    with pytest.raises(ConfigError, match=r"the 2 columns .*; missing: Area\. Measure them"):
        column_places(NAMES, ["Extent"])
    with pytest.raises(ConfigError, match=r"missing: Area; there twice: Extent\."):
        column_places(NAMES, ["Extent", "Extent"])
    many = [f"f{i}" for i in range(20)]
    with pytest.raises(ConfigError, match=r"missing: f0, .*f7 and 12 more"):
        column_places(many, [])


def test_table_branch_is_linear_relu_normalisation_dropout():
    names = [layer.name for layer in _model(table_depth=2).layers[1:]]
    assert names == [
        "table_normalization",
        *("table_1", "table_norm_1", "table_dropout_1"),
        *("table_2", "table_norm_2", "table_dropout_2"),
    ]
    bare = _model(table_norm=False, table_dropout=0.0)
    assert [layer.name for layer in bare.layers[2:]] == ["table_1"]
    assert bare.get_layer("table_1").activation is keras.activations.relu
