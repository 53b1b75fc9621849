"""Out-of-fold answers on disk: a run's own, and those of its comparators."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from cellscreen.errors import ConfigError
from cellscreen.fitting import run_folder
from cellscreen.pipelines.folds import read_manifest


def run_answers(workdir: str | Path) -> pd.DataFrame:
    """What the nets of a finished run said of the rows that they did not see.

    Args:
        workdir: a run folder of bags.

    Returns:
        `key, group, fold, label, p_<class>…`, a row a bag that was trained on in another fold;
        NaN where it has no cells.

    Raises:
        ConfigError: the run is not finished.

    Example:
        >>> run_answers("runs/mid")["p_toxic"].notna().mean()  # doctest: +SKIP
        1.0
    """
    workdir = Path(workdir)
    run_folder.read_summary(workdir)  # says so where it is not finished
    manifest = run_manifest(workdir)
    asked = manifest.loc[manifest["trained"] & (manifest["fold"] >= 0)]
    folders = [run_folder.fold_folder(workdir, fold) for fold in sorted(set(asked["fold"]))]
    said = pd.concat([run_folder.read_predictions(folder) for folder in folders])
    columns = [name for name in said if str(name) == "key" or str(name).startswith("p_")]
    known = asked[["key", "group", "fold", "label"]]
    return known.merge(said[columns], on="key", how="left").reset_index(drop=True)


def run_manifest(workdir: str | Path) -> pd.DataFrame:
    """The folds of a run, a row a bag; `trained` is bool.

    Raises:
        ConfigError: there is none, or one of another version.
    """
    path = Path(workdir) / run_folder.MANIFEST
    if not path.is_file():
        raise ConfigError("Expected a run folder; there is no folds.csv.", file=workdir)
    return read_manifest(path)


def write_answers(answers: pd.DataFrame, path: Path) -> None:
    """Writes answers as CSV, whole or not at all."""
    run_folder.write_csv(answers, path)


def read_answers(path: Path) -> pd.DataFrame:
    """Reads what `write_answers` wrote, to the last bit."""
    text = {"key": str, "group": str}
    return pd.read_csv(path, dtype=text, float_precision="round_trip", na_filter=True)
