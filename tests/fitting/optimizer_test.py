import dataclasses

import keras
import numpy as np
import pytest

from cellscreen.errors import ConfigError
from cellscreen.fitting.fit_config import OptimizerConfig
from cellscreen.fitting.optimizer import build_optimizer, learning_rates


def _rates(epochs=10, **fields):
    return learning_rates(OptimizerConfig(learning_rate=1.0, **fields), epochs)


def test_exponential_decay_falls_at_epoch_ends():
    rate = _rates(decay=0.98)
    assert [rate(0), rate(0.99), rate(1), rate(3.5)] == pytest.approx([1, 1, 0.98, 0.98**3])


def test_step_decay_halves_every_five_epochs():
    rate = _rates(schedule="step", decay=0.5, drop_epochs=5)
    assert [rate(4.9), rate(5), rate(12)] == pytest.approx([1, 0.5, 0.25])


def test_cosine_after_a_warm_up_ends_at_nothing():
    rate = _rates(schedule="cosine", warmup_epochs=2)
    assert [rate(0), rate(1), rate(2), rate(6), rate(10)] == pytest.approx([0, 0.5, 1, 0.5, 0])


def test_a_constant_rate_stays():
    assert _rates(schedule="constant")(7.3) == 1


def test_plateau_follows_the_figures():
    assert _rates(schedule="plateau") is None


def _variables():
    layer = keras.layers.Dense(1)
    layer.build((None, 1))
    return layer.trainable_variables


def test_adamw_decays_weights_but_no_biases():
    kernel, bias = _variables()
    bias.assign([1.0])
    config = OptimizerConfig(optimizer="adamw", learning_rate=0.1, weight_decay=0.5)
    optimizer = build_optimizer(config, [kernel, bias])
    before = kernel.numpy()
    optimizer.apply([np.zeros((1, 1), np.float32), np.zeros(1, np.float32)])
    assert kernel.numpy() == pytest.approx(before * 0.95)
    assert bias.numpy() == pytest.approx([1.0])


def test_adam_decays_nothing():
    kernel, bias = _variables()
    optimizer = build_optimizer(OptimizerConfig(learning_rate=0.1), [kernel, bias])
    before = kernel.numpy()
    optimizer.apply([np.zeros((1, 1), np.float32), np.zeros(1, np.float32)])
    assert np.array_equal(kernel.numpy(), before)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("learning_rate", float("nan")),
        ("learning_rate", float("inf")),
        ("learning_rate", 0.0),
        ("learning_rate", -1.0),
        ("decay", 0.0),
        ("decay", 1.5),
        ("ema", 1.0),
        ("clip_norm", -1.0),
        ("clip_norm", float("nan")),
        ("weight_decay", float("nan")),
        ("drop_epochs", 0),
    ],
)
def test_values_that_cannot_work_are_refused(field, value):
    with pytest.raises(ConfigError, match=f"Expected {field} .*; got {value}"):
        dataclasses.replace(OptimizerConfig(), **{field: value})
