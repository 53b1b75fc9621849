"""Classes of unequal size: class weights, balanced sampling, down-sampling, counts for the log."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
import pandas as pd

from cellscreen.errors import ConfigError, DataError

Weights = Literal["none", "balanced"]
Sampling = Literal["all", "balanced", "downsample"]


@dataclass(frozen=True)
class BalanceConfig:
    """What is done about classes of unequal size.

    Raises:
        ConfigError: a word is not known, `downsample_to` is below 2, or both remedies at once.

    Example:
        >>> BalanceConfig(sampling="downsample").downsample_to
        2
    """

    class_weights: Weights = "none"  # balanced: loss weights of images / (classes x its images)
    sampling: Sampling = "all"  # balanced: classes drawn equally; downsample: see downsample_to
    downsample_to: int = 2  # larger classes are cut to the size of the n-th largest class

    def __post_init__(self) -> None:
        for name, words in (("class_weights", Weights), ("sampling", Sampling)):
            if getattr(self, name) not in get_args(words):
                listed = ", ".join(get_args(words))
                raise ConfigError(f"Expected {name} of {listed}; got {getattr(self, name)!r}.")
        if self.downsample_to < 2:
            raise ConfigError(f"Expected downsample_to of 2 or more; got {self.downsample_to}.")
        if self.class_weights == "balanced" and self.sampling == "balanced":
            raise ConfigError(
                "Expected balanced class_weights or balanced sampling; got both, which would make "
                "rare classes heavier than common ones."
            )


def chosen_rows(rows: pd.DataFrame, config: BalanceConfig, seed: int) -> pd.Index:
    """The rows of a fold's training part that an epoch goes through.

    Down-sampling cuts every class that is larger than the n-th largest to its size, as paper 002
    does with DMSO (part 3, section 1). The draw depends on keys and seed, not on the order of
    the rows.

    Args:
        rows: the training part of a manifest, with `key` and `label`.
        config: which rows are wanted.
        seed: of the draw.

    Returns:
        The index of the chosen rows, in the order of `rows`.

    Raises:
        DataError: there are fewer classes than `downsample_to`.

    Example:
        >>> rows = pd.DataFrame({"key": list("abcde"), "label": [0, 0, 0, 0, 1]})
        >>> len(chosen_rows(rows, BalanceConfig(sampling="downsample"), seed=0))
        2
    """
    if config.sampling != "downsample":
        return rows.index
    sizes = rows["label"].value_counts().sort_values(ascending=False)
    if len(sizes) < config.downsample_to:
        raise DataError(
            f"Expected {config.downsample_to} classes or more to down-sample to the size of the "
            f"{config.downsample_to}. largest; got {len(sizes)}.",
            fix="Lower --downsample_to.",
        )
    size = int(sizes.iloc[config.downsample_to - 1])
    chosen: list[int] = []
    labels, keys = rows["label"].to_numpy(np.int64), rows["key"].to_numpy(str)
    for label in np.unique(labels):
        at = np.flatnonzero(labels == label)
        drawn = np.random.default_rng([seed, label]).permutation(at[np.argsort(keys[at])])
        chosen += drawn[:size].tolist()
    return rows.index[np.sort(np.array(chosen, np.int64))]


def class_weights(labels: np.ndarray, n_classes: int, config: BalanceConfig) -> np.ndarray:
    """The weight of each class in the loss.

    Balanced weights are n / (k · n_c) with n images, n_c of the class and k classes that have any
    (as scikit-learn's `balanced`): every class weighs the same, and an image 1 on average.

    Args:
        labels: `(n,)` int, class numbers of the chosen rows.
        n_classes: of the net.
        config: which weights are wanted.

    Returns:
        `(n_classes,)` float32; 1 for a class without images, whose weight nothing uses.

    Example:
        >>> class_weights(np.array([0, 0, 0, 1]), 2, BalanceConfig("balanced"))
        array([0.6666667, 2.       ], dtype=float32)
    """
    weights = np.ones(n_classes, np.float32)
    if config.class_weights == "balanced":
        sizes = np.bincount(labels, minlength=n_classes)
        there = sizes > 0
        weights[there] = len(labels) / (np.count_nonzero(there) * sizes[there])
    return weights


def sampling_probabilities(
    labels: np.ndarray, n_classes: int, config: BalanceConfig
) -> np.ndarray | None:
    """The probability with which each example is drawn from each class; None takes every row.

    Args:
        labels: `(n,)` int, class numbers of the chosen rows.
        n_classes: of the net.
        config: which sampling is wanted.

    Returns:
        `(n_classes,)` float32 that sums to 1: equal for classes with images, 0 for others.

    Example:
        >>> sampling_probabilities(np.array([0, 0, 2]), 3, BalanceConfig(sampling="balanced"))
        array([0.5, 0. , 0.5], dtype=float32)
    """
    if config.sampling != "balanced":
        return None
    there = np.bincount(labels, minlength=n_classes) > 0
    return (there / np.count_nonzero(there)).astype(np.float32)


def effective_counts(
    rows: pd.DataFrame,
    classes: Sequence[str],
    config: BalanceConfig,
    seed: int,
    what: str = "image",
) -> str:
    """One line for the log: images of each class, how many an epoch takes, and their weight.

    Args:
        rows: the training part of a manifest, with `key` and `label`.
        classes: class names in the order of the numbers.
        config: what is done about unequal classes.
        seed: the same as that of `chosen_rows`.
        what: what a row is.

    Example:
        >>> rows = pd.DataFrame({"key": list("abc"), "label": [0, 0, 1]})
        >>> effective_counts(rows, ("normoxia", "hypoxia"), BalanceConfig("balanced"), seed=0)
        'normoxia: 2 images, 2 an epoch, weight 0.75; hypoxia: 1 image, 1 an epoch, weight 1.50'
    """
    chosen = rows.loc[chosen_rows(rows, config, seed), "label"].to_numpy()
    before = np.bincount(rows["label"], minlength=len(classes))
    after = np.bincount(chosen, minlength=len(classes)).astype(np.float64)
    probabilities = sampling_probabilities(chosen, len(classes), config)
    if probabilities is not None:
        after = probabilities * len(chosen)
    weights = class_weights(chosen, len(classes), config)
    return "; ".join(
        f"{name}: {n} {what}{'' if n == 1 else 's'}, {round(taken)} an epoch, weight {weight:.2f}"
        if n
        else f"{name}: no {what}"
        for name, n, taken, weight in zip(classes, before, after, weights, strict=True)
    )
