"""Groups to folds and validation parts, stratified by class; no group is ever cut.

All functions take `counts`, a frame with the images of every group (index, sorted) in every class
(columns): what is decided of groups cannot depend on the order in which images were read.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy.optimize import linear_sum_assignment
from sklearn.model_selection import StratifiedGroupKFold

TRAINING = -1


def kfold(counts: pd.DataFrame, n_folds: int, seed: int) -> pd.Series:
    """The fold of every group, 0 to `n_folds` - 1, of about equal images of each class.

    As many groups as folds give each group a fold, in their order.

    Args:
        counts: images by group and class, no fewer groups than folds.
        n_folds: 2 or more.
        seed: of the shuffle of groups.
    """
    if len(counts) == n_folds:
        return each_alone(counts)
    stacked = counts.stack()
    images = stacked.index.repeat(stacked.to_numpy())
    groups, labels = images.get_level_values(0), images.get_level_values(1)
    splitter = StratifiedGroupKFold(n_folds, shuffle=True, random_state=seed)
    fold_of = pd.Series(TRAINING, index=counts.index)
    for number, (_, held_out) in enumerate(splitter.split(groups, labels, groups)):
        fold_of[groups[held_out].unique()] = number
    return fold_of


def each_alone(counts: pd.DataFrame) -> pd.Series:
    """Every group is a fold of its own, numbered by its largest class and then by name."""
    order = np.argsort(counts.to_numpy().argmax(axis=1), kind="stable")
    return pd.Series(np.argsort(order), index=counts.index)


def holdout(counts: pd.DataFrame, share: float, keep: int, seed: int) -> pd.Series:
    """Fold 0 for the groups held out, -1 for those trained on.

    In each class the images held out miss the asked-for share by no more than one group, unless
    that would leave fewer than `keep` groups to train on.

    Args:
        counts: images by group and class.
        share: of the images of each class, within 0 and 1.
        keep: groups of each class that stay in training.
        seed: of the order in which groups are asked.
    """
    order = np.random.default_rng(seed).permutation(len(counts))
    images = counts.to_numpy()
    present, chosen = images > 0, np.zeros(len(counts), bool)

    def can_go(group: int) -> bool:
        left = present[~chosen].sum(axis=0) - present[group]
        return bool((left[present[group]] >= keep).all())

    for label in _rarest_first(present):
        sizes = images[:, label]
        groups = [group for group in order[present[order, label]] if not chosen[group]]
        for group in groups:
            closer = sizes[chosen].sum() + sizes[group] / 2 < share * sizes.sum()
            chosen[group] = closer and can_go(group)
        if not sizes[chosen].any() and any(map(can_go, groups)):
            chosen[min(filter(can_go, groups), key=lambda group: sizes[group])] = True
    return pd.Series(np.where(chosen, 0, TRAINING), index=counts.index)


def validation_parts(
    counts: pd.DataFrame, fold_of: pd.Series, n_parts: int, seed: int
) -> pd.Series:
    """The validation part of every group, -1 for groups that only ever train.

    The i-th fold that is held out validates on part i modulo the number of parts in use: no more
    than folds, nor than groups of the smallest class. In each class every part gets the share
    1 / `n_parts` of a fold's training groups, one or more, and none that its own folds hold out.

    Args:
        counts: images by group and class.
        fold_of: the fold of every group; -1 is held out by none.
        n_parts: 1 / share of the training groups that validate, 2 or more.
        seed: of the choice among groups.

    Returns:
        -1 to the number of parts in use - 1, on the index of `counts`.
    """
    generator = np.random.default_rng([seed, 1])
    present = counts.to_numpy() > 0
    held_out = np.unique(fold_of[fold_of != TRAINING])
    folds = np.where(fold_of == TRAINING, TRAINING, np.searchsorted(held_out, fold_of))
    n_used = min(n_parts, len(held_out), int(present.sum(axis=0).min()))
    fits = (folds == TRAINING)[:, None] | (folds[:, None] % n_used != np.arange(n_used))
    order = generator.permutation(len(counts))
    part_of = np.full(len(counts), TRAINING)
    for label in _rarest_first(present):
        groups = order[present[order, label]]
        _one_each(part_of, groups, fits[groups])
        sizes = np.bincount(folds[groups] + 1, minlength=len(held_out) + 1)[1:]
        wanted = round((len(groups) - sizes.mean()) / n_parts)
        for part in range(n_used):
            most = len(groups) - sizes[part::n_used].max() - 1  # one is left to train on
            free = groups[fits[groups, part] & (part_of[groups] == TRAINING)]
            missing = min(wanted, most) - np.count_nonzero(part_of[groups] == part)
            part_of[free[: max(missing, 0)]] = part
    return pd.Series(part_of, index=counts.index)


def _one_each(part_of: np.ndarray, groups: np.ndarray, fits: np.ndarray) -> None:
    """Gives every part without one of `groups` one that fits it, if there is a way for all."""
    parts = np.setdiff1d(np.arange(fits.shape[1]), part_of[groups])
    free = part_of[groups] == TRAINING
    at, chosen = linear_sum_assignment(~fits[np.ix_(free, parts)])
    part_of[groups[free][at]] = parts[chosen]


def _rarest_first(present: np.ndarray) -> np.ndarray:
    return np.argsort(present.sum(axis=0), kind="stable")
