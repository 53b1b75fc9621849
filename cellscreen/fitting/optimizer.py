"""Optimizer and learning rate of a fit, from its config."""

from __future__ import annotations

import math
from collections.abc import Callable

import keras

from cellscreen.fitting.fit_config import OptimizerConfig

NOT_DECAYED = ["bias", "gamma", "beta"]


def build_optimizer(
    config: OptimizerConfig, variables: list[keras.Variable]
) -> keras.optimizers.Optimizer:
    """The optimizer with all its variables; call it in the strategy's scope.

    Clipping is not its own: that would clip each replica's gradients before they are summed.
    """
    common = {"use_ema": config.ema > 0, "ema_momentum": config.ema or 0.99}
    if config.optimizer == "adam":
        optimizer = keras.optimizers.Adam(config.learning_rate, **common)
    else:
        optimizer = keras.optimizers.AdamW(
            config.learning_rate, weight_decay=config.weight_decay, **common
        )
        optimizer.exclude_from_weight_decay(var_names=NOT_DECAYED)
    optimizer.build(variables)
    return optimizer


def learning_rates(config: OptimizerConfig, epochs: int) -> Callable[[float], float] | None:
    """The learning rate as a function of epochs done (a fraction inside an epoch).

    Exponential decay falls at epoch ends only (hypoxia paper, II.A.2), step decay every
    `drop_epochs` (paper 002), cosine at every step to 0.

    Returns:
        None where the learning rate follows the figures (plateau).

    Example:
        >>> rate = learning_rates(OptimizerConfig(learning_rate=1.0, decay=0.5), epochs=9)
        >>> rate(0.9), rate(2.0)
        (1.0, 0.25)
    """
    if config.schedule == "plateau":
        return None
    falls: dict[str, Callable[[float], float]] = {
        "constant": lambda epoch: 1.0,
        "exponential": lambda epoch: config.decay ** int(epoch),
        "step": lambda epoch: config.decay ** (int(epoch) // config.drop_epochs),
        "cosine": lambda epoch: _cosine(epoch - warmup, epochs - warmup),
    }
    warmup, fall = config.warmup_epochs, falls[config.schedule]

    def rate(epoch: float) -> float:
        rising = min(1.0, epoch / warmup) if warmup else 1.0
        return config.learning_rate * (rising if rising < 1 else fall(epoch))

    return rate


def _cosine(done: float, whole: float) -> float:
    return 0.5 * (1 + math.cos(math.pi * min(1.0, done / whole))) if whole > 0 else 1.0
