"""What every trainer does with folds alike: seeds, chosen rows, steps, the check of the batch."""

from __future__ import annotations

import hashlib

import pandas as pd

from cellscreen.errors import ConfigError
from cellscreen.fitting.trainer import FoldData
from cellscreen.pipelines.balance import BalanceConfig, chosen_rows, effective_counts
from cellscreen.pipelines.folds import training_rows


def fold_seed(seed: int, fold: int) -> int:
    """The seed of one fold's fit.

    Example:
        >>> fold_seed(0, 1) == fold_seed(0, 1) != fold_seed(0, 2)
        True
    """
    digest = hashlib.sha256(f"{seed} {fold}".encode()).digest()
    return int.from_bytes(digest[:4], "big") >> 1


def chosen_training_rows(
    manifest: pd.DataFrame, fold: int, balance: BalanceConfig, seed: int
) -> pd.Index:
    """The rows that a fold's net is trained on, after down-sampling; `seed` is the run's."""
    return chosen_rows(manifest[training_rows(manifest, fold)], balance, fold_seed(seed, fold))


def describe_fold(data: FoldData, fold: int, what: str = "image") -> str:
    """What a fold is trained on: examples of each class, after sampling, and their weights."""
    rows = data.manifest[training_rows(data.manifest, fold)]
    config = data.config
    seed = fold_seed(config.fit.seed, fold)
    return effective_counts(rows, data.classes, config.balance, seed, what)


def steps(data: FoldData, fold: int) -> int:
    """Steps an epoch of a fold's fit."""
    return len(data.trained_rows(fold)) // data.config.fit.batch_size


def check_batch(data: FoldData, what: str = "image") -> None:
    """Checks that every fold's training part fills a batch.

    Raises:
        ConfigError: it does not.
    """
    smallest = min(len(data.trained_rows(fold)) for fold in data.folds)
    batch = data.config.fit.batch_size
    if batch > smallest:
        raise ConfigError(
            f"Expected a batch_size of at most {smallest}, the training {what}s of the smallest "
            f"fold; got {batch}.",
            fix=f"Lower --batch_size, or give more {what}s.",
        )
