"""The run folder: where each thing of a training lies, and the one place that writes them."""

from __future__ import annotations

import dataclasses
import importlib.metadata
import json
import shutil
import zipfile
from pathlib import Path
from typing import Any, TypeVar

import keras
import pandas as pd

from cellscreen.atomic import replacing, write_text
from cellscreen.errors import ConfigError
from cellscreen.fitting.flags import config_from_json, config_to_json, differing_fields
from cellscreen.fitting.stopping import LOCK

CONFIG, MANIFEST, METRICS, SUMMARY, CARD = (
    "config.json",
    "folds.csv",
    "metrics.csv",
    "run.json",
    "model_card.md",
)
MODEL, LAST_MODEL, PREDICTIONS = "model.keras", "last.keras", "predictions.csv"
AUTO, CACHE = "auto", ".cache."
Config = TypeVar("Config")


def fold_folder(workdir: Path, fold: int) -> Path:
    """The folder of one fit."""
    return workdir / f"fold_{fold}"


def tidy(workdir: Path) -> None:
    """Removes what killed processes left: half-written files, and folds nobody trained on yet.

    Call it while the folder is locked.
    """
    for path in workdir.rglob(f"{CACHE}*"):
        shutil.rmtree(path)
    for path in workdir.rglob(".*"):
        if path.is_file() and path.name != LOCK:
            path.unlink()
    if not (workdir / CONFIG).is_file():
        (workdir / MANIFEST).unlink(missing_ok=True)


def adopt(workdir: Path, config: Config) -> Config:
    """The config as the run folder knows it: what is `auto` takes the value decided there.

    Raises:
        ConfigError: the folder holds a run of another config; the message names the fields.
    """
    if not (workdir / CONFIG).is_file():
        return config
    theirs = read_config_of(workdir, type(config))
    ours, decided = config.machine, theirs.machine  # type: ignore[attr-defined]
    known = {
        field.name: getattr(decided, field.name)
        for field in dataclasses.fields(ours)
        if getattr(ours, field.name) == AUTO
    }
    machine = dataclasses.replace(ours, **known)
    adopted = dataclasses.replace(config, machine=machine)  # type: ignore[type-var]
    if theirs != adopted:
        raise ConfigError(
            "This run folder holds a training of another config: "
            + "; ".join(differing_fields(adopted, theirs)),
            file=workdir,
            fix="Give the flags it was started with to go on, or another --workdir.",
        )
    return adopted


def claim(workdir: Path, config: Any) -> None:
    """Writes the resolved config into a new run folder.

    Raises:
        ConfigError: as `adopt`.
    """
    adopt(workdir, config)
    if not (workdir / CONFIG).is_file():
        write_text(workdir / CONFIG, config_to_json(config))


def read_config_of(workdir: Path, config_class: type[Config]) -> Config:
    """The config of a run of one trainer.

    Raises:
        ConfigError: the folder holds no run, or one of another trainer, or of a version that
            cannot be read.
    """
    return config_from_json(config_class, config_text(workdir), workdir / CONFIG)


def config_text(workdir: Path) -> str:
    """The config of a run as it was written.

    Raises:
        ConfigError: the folder holds no run.
    """
    path = workdir / CONFIG
    if not path.is_file():
        raise ConfigError("Expected a run folder; there is no config.json.", file=workdir)
    return path.read_text(encoding="utf-8")


def save_model(model: keras.Model, path: Path) -> None:
    """Saves a model whole or not at all."""
    with replacing(path) as temporary:
        model.save(temporary)


def load_fold(workdir: Path, fold: int) -> keras.Model:
    """The model that did not see fold `fold`; only registered layers load, and no code.

    Raises:
        ConfigError: that fold has not been trained to its end, or its file is damaged or holds
            what is not to be loaded.
    """
    path = model_path(workdir, fold)
    try:
        return keras.saving.load_model(path, compile=False, safe_mode=True)
    except (ValueError, TypeError, OSError, KeyError, zipfile.BadZipFile) as error:
        raise ConfigError(
            f"The net cannot be loaded: {str(error).partition(chr(10))[0]}",
            file=path,
            fix="If the file came from elsewhere, do not trust it. Else remove its fold's folder "
            "and give the train command again.",
        ) from error


def model_path(workdir: Path, fold: int) -> Path:
    """The finished model of a fold.

    Raises:
        ConfigError: that fold has not been trained to its end.
    """
    path = fold_folder(workdir, fold) / MODEL
    if not path.is_file():
        raise ConfigError(
            f"Fold {fold} of this run has no finished model.",
            file=workdir,
            fix="Give its train command again: it goes on with the folds that are missing.",
        )
    return path


def write_csv(frame: pd.DataFrame, path: Path) -> None:
    """Writes a frame as CSV, whole or not at all; undefined figures are empty."""
    with replacing(path) as temporary:
        frame.to_csv(temporary, index=False)


def write_summary(workdir: Path, summary: dict[str, Any]) -> None:
    """Writes `run.json`."""
    write_text(workdir / SUMMARY, json.dumps(summary, indent=2, allow_nan=False) + "\n")


def read_summary(workdir: Path) -> dict[str, Any]:
    """Reads `run.json`, which a finished run has.

    Raises:
        ConfigError: the run is not finished.
    """
    path = workdir / SUMMARY
    if not path.is_file():
        raise ConfigError(
            "Expected a finished run; there is no run.json.",
            file=workdir,
            fix="Give its train command again.",
        )
    return json.loads(path.read_text(encoding="utf-8"))


def read_predictions(folder: Path) -> pd.DataFrame:
    """The predictions of a finished fold, to the last bit as they were written."""
    return pd.read_csv(folder / PREDICTIONS, dtype={"key": str}, float_precision="round_trip")


def versions() -> dict[str, str]:
    """Versions of what decides a result."""
    names = ("cellscreen", "tensorflow", "keras", "tensorflow-datasets", "opencv-python-headless")
    return {name: importlib.metadata.version(name) for name in names}
