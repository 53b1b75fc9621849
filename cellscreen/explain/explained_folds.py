"""The folds of a finished run, row for row as the bags that are there, and their predictions."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from cellscreen.errors import ConfigError
from cellscreen.fitting import run_folder

LOGGER = logging.getLogger(__name__)
_FIX = "Give the --data_dir it was trained on, built from the same images."


def manifest_of_bags(
    manifest: pd.DataFrame,
    bags: pd.DataFrame,
    checksums: Sequence[str],
    labels: str,
    workdir: Path,
) -> pd.DataFrame:
    """A run's folds, row for row as its bags; bags that it does not know are in no fold.

    Args:
        manifest: of the run.
        bags: `BagIndex.bags`.
        checksums: of `bags`, as `pipelines.bag_checks.bag_checksums`.
        labels: the manifest's column of class numbers; empty: no class is known.
        workdir: the run folder, for messages.

    Returns:
        `bags` with `group`, `fold` (-1 where no net held it out), `label` (-1 where not known) and
        `trained`.

    Raises:
        ConfigError: a bag of the manifest is not among the prepared ones, or is of other images.
    """
    absent = manifest.loc[~manifest["key"].isin(bags["key"]), "key"]
    if len(absent):
        raise ConfigError(
            f"Expected the bags that the run was trained on; {len(absent)} of {len(manifest)} are "
            f"not prepared, such as {absent.iloc[0]!r}.",
            file=workdir,
            fix=_FIX,
        )
    known = manifest.set_index("key").reindex(bags["key"]).reset_index(drop=True)
    new = known["fold"].isna()
    odd = ~new & (known["checksum"] != pd.Series(checksums, dtype=object))
    if odd.any():
        raise ConfigError(
            f"Expected the images that the run was trained on; {int(odd.sum())} bags are of other "
            f"files, such as {bags['key'][odd.to_numpy()].iloc[0]!r}.",
            file=workdir,
            fix=_FIX,
        )
    if new.any():
        LOGGER.warning("%d of %d bags are not of the run: not explained.", new.sum(), len(bags))
    classes = known[labels] if labels else pd.Series(np.nan, index=known.index)
    return bags.reset_index(drop=True).assign(
        group=known["group"].fillna(""),
        fold=known["fold"].fillna(-1).astype(np.int64),
        label=classes.fillna(-1).astype(np.int64),
        trained=known["trained"].eq(True),
    )


def read_fold_predictions(workdir: Path, folds: Sequence[int]) -> pd.DataFrame:
    """The predictions of all folds, `fold` among their columns.

    Raises:
        ConfigError: a fold has not been trained to its end.
    """
    parts = []
    for fold in folds:
        run_folder.model_path(workdir, fold)  # raises where the fold is not finished
        folder = run_folder.fold_folder(workdir, fold)
        parts.append(run_folder.read_predictions(folder).assign(fold=fold))
    return pd.concat(parts, ignore_index=True)
