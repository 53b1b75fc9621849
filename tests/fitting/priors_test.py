import numpy as np
import pytest
import tensorflow as tf

from cellscreen.errors import ConfigError
from cellscreen.fitting.fit_config import LossConfig, MachineConfig
from cellscreen.fitting.losses import adjusted, class_loss
from cellscreen.fitting.machine import Machine
from cellscreen.fitting.priors import class_prior, met_shares
from cellscreen.pipelines.balance import BalanceConfig
from cellscreen.training.bags.config import BagDataConfig, BagsConfig

LABELS, ANSWERS = tf.constant([0, 1]), tf.constant([[0.5, 0.5], [0.8, 0.2]])


def test_logits_are_moved_by_the_log_of_the_prior():
    # p / (1 - p) of class 0 times 0.9 / 0.1: 1 becomes 9, 4 becomes 36.
    moved = adjusted(ANSWERS, tf.constant([0.9, 0.1]), 1.0)
    np.testing.assert_allclose(moved[:, 0], [9 / 10, 36 / 37], rtol=1e-5)
    half = adjusted(ANSWERS, tf.constant([0.9, 0.1]), 0.5)
    np.testing.assert_allclose(half[:, 0], [3 / 4, 12 / 13], rtol=1e-5)
    assert np.isfinite(adjusted(ANSWERS, tf.constant([1.0, 0.0]), 1.0)).all()


def test_an_adjusted_loss_follows_the_prior_and_is_plain_without_one():
    prior = tf.Variable([0.5, 0.5])
    loss = class_loss(LossConfig(logit_adjustment=1.0), 2, prior)
    plain = class_loss(LossConfig(), 2)
    np.testing.assert_allclose(loss(LABELS, ANSWERS), plain(LABELS, ANSWERS), rtol=1e-5)
    prior.assign([0.9, 0.1])
    np.testing.assert_allclose(loss(LABELS, ANSWERS), -np.log([9 / 10, 1 / 37]), rtol=1e-5)


def test_a_prior_is_kept_only_where_the_loss_takes_it():
    machine = Machine(MachineConfig())
    assert class_prior(LossConfig(), 4, machine) is None
    np.testing.assert_allclose(class_prior(LossConfig(logit_adjustment=1.0), 4, machine), 0.25)


def test_the_prior_is_what_training_meets():
    labels = np.array([0, 0, 0, 1])
    np.testing.assert_allclose(met_shares(labels, 3, BalanceConfig()), [0.75, 0.25, 0])
    drawn = met_shares(labels, 3, BalanceConfig(sampling="balanced"))
    np.testing.assert_allclose(drawn, [0.5, 0.5, 0])


def test_adjustments_that_cannot_work_are_refused():
    with pytest.raises(ConfigError, match="logit_adjustment within 0 and 4; got -1"):
        LossConfig(logit_adjustment=-1.0)
    data = BagDataConfig("d", target="log_dose")
    with pytest.raises(ConfigError, match="Expected logit_adjustment 0 where no class"):
        BagsConfig(data, loss_config=LossConfig(logit_adjustment=1.0))
