import numpy as np
import pytest
import tensorflow as tf

from cellscreen.fitting.fit_config import LossConfig
from cellscreen.training.bags.losses import bag_loss, bag_measures, masked_task_loss, squared_error

LABELS = tf.constant([[1, -1], [0, 1], [-1, -1]], tf.int64)
ANSWERS = tf.constant([[0.5, 0.9], [0.5, 0.25], [0.1, 0.1]])


def test_missing_labels_add_nothing_to_the_loss():
    losses = masked_task_loss(LossConfig())(LABELS, ANSWERS).numpy()
    np.testing.assert_allclose(losses, [np.log(2), (np.log(2) + np.log(4)) / 2, 0], rtol=1e-6)


def test_missing_labels_get_no_gradient():
    answers = tf.Variable(ANSWERS)
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(masked_task_loss(LossConfig())(LABELS, answers))
    gradient = tape.gradient(loss, answers).numpy()
    assert gradient[LABELS.numpy() < 0].tolist() == [0, 0, 0]
    assert (gradient[LABELS.numpy() >= 0] != 0).all()


def test_smoothing_moves_a_label_by_half_of_its_share():
    loss = masked_task_loss(LossConfig(label_smoothing=0.2))
    found = float(loss(tf.constant([[1]]), tf.constant([[0.8]]))[0])
    assert found == pytest.approx(-0.9 * np.log(0.8) - 0.1 * np.log(0.2), rel=1e-5)


def test_focal_weights_are_those_of_the_wrong_share():
    loss = masked_task_loss(LossConfig(loss="focal", focal_gamma=2.0))
    found = float(loss(tf.constant([[0]]), tf.constant([[0.25]]))[0])
    assert found == pytest.approx(-(0.25**2) * np.log(0.75), rel=1e-5)


def test_an_answer_of_0_or_1_gives_a_finite_loss():
    losses = masked_task_loss(LossConfig())(tf.constant([[1], [0]]), tf.constant([[0.0], [1.0]]))
    assert np.isfinite(losses.numpy()).all()


def test_the_dose_is_learned_by_squared_error():
    losses = squared_error(tf.constant([[1.0], [-1.0]]), tf.constant([[0.0], [-1.0]]))
    assert losses.numpy().tolist() == [1, 0]


def test_each_target_has_its_loss_and_measure():
    labels, answers = tf.constant([1, 0], tf.int64), tf.constant([[0.2, 0.8], [0.4, 0.6]])
    assert bag_measures("classes")(labels, answers)["accuracy"].numpy().tolist() == [1, 0]
    losses = bag_loss(LossConfig(), "classes", 2)(labels, answers).numpy()
    np.testing.assert_allclose(losses, -np.log([0.8, 0.4]), rtol=1e-5)
    assert bag_measures("tasks")(LABELS, ANSWERS)["accuracy"].numpy().tolist() == [0, 0.5, 0]
    values = tf.constant([[1.0]]), tf.constant([[-0.5]])
    assert bag_measures("log_dose")(*values)["absolute_error"].numpy().tolist() == [1.5]
