import math

import numpy as np
import pytest
import tensorflow as tf

from cellscreen.errors import ConfigError
from cellscreen.fitting.fit_config import LossConfig
from cellscreen.fitting.losses import class_loss, is_right

LABELS = tf.constant([0, 1], tf.int64)
ANSWERS = tf.constant([[0.8, 0.2], [0.5, 0.5]])


def test_cross_entropy_is_the_negative_logarithm_an_example():
    losses = class_loss(LossConfig(), 2)(LABELS, ANSWERS).numpy()
    assert losses == pytest.approx([-math.log(0.8), -math.log(0.5)], rel=1e-5)


def test_label_smoothing_spreads_the_label():
    losses = class_loss(LossConfig(label_smoothing=0.2), 2)(LABELS, ANSWERS).numpy()
    wanted = -(0.9 * math.log(0.8) + 0.1 * math.log(0.2))
    assert losses[0] == pytest.approx(wanted, rel=1e-5)


def test_focal_loss_counts_easy_images_less():
    losses = class_loss(LossConfig(loss="focal", focal_gamma=2.0), 2)(LABELS, ANSWERS).numpy()
    wanted = [-(0.2**2) * math.log(0.8), -(0.5**2) * math.log(0.5)]
    assert losses == pytest.approx(wanted, rel=1e-4)


def test_focal_loss_without_gamma_is_cross_entropy():
    focal = class_loss(LossConfig(loss="focal", focal_gamma=0.0), 2)(LABELS, ANSWERS)
    assert np.allclose(focal, class_loss(LossConfig(), 2)(LABELS, ANSWERS), rtol=1e-5)


def test_accuracy_is_an_example_at_a_time():
    assert is_right(LABELS, ANSWERS)["accuracy"].numpy().tolist() == [1, 0]


@pytest.mark.parametrize("fields", [{"label_smoothing": 1.0}, {"focal_gamma": -1.0}])
def test_values_out_of_bounds_are_refused(fields):
    with pytest.raises(ConfigError, match=f"Expected {next(iter(fields))}"):
        LossConfig(**fields)
