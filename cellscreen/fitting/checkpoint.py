"""The whole state of a fit in one file, written whole or not at all; the last two are kept.

`tf.train.Checkpoint` and Keras' files leave out the state of seed generators, without which a fit
with dropout cannot go on exactly. A file holds every variable as an array, and the rest as JSON.
"""

from __future__ import annotations

import json
import logging
import zipfile
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from cellscreen.atomic import replacing
from cellscreen.errors import ConfigError

LOGGER = logging.getLogger(__name__)
HISTORY = "history.csv"
KEPT = 2
_UNREADABLE = (
    OSError,
    ValueError,
    KeyError,
    TypeError,
    EOFError,
    zipfile.BadZipFile,
    zlib.error,
)
FORMAT = 1


@dataclass
class Progress:
    """How far a fit has come; everything about it that is not a variable.

    Attributes:
        epoch: epochs that are done.
        step: steps of the next epoch that are done.
        sums: of the steps of that epoch, as its figures are made from.
        history: figures of every epoch that is done.
        best: the best value of what is watched; None before the first.
        stopped: the fit is over before its last epoch.
        callbacks: counters of the callbacks.
        skipped: batches left out for gradients that are not finite.
        bad_in_a_row: how many of them just now.
    """

    epoch: int = 0
    step: int = 0
    sums: dict[str, float] = field(default_factory=dict)
    history: list[dict[str, float]] = field(default_factory=list)
    best: float | None = None
    stopped: bool = False
    callbacks: list[dict[str, Any]] = field(default_factory=list)
    skipped: int = 0
    bad_in_a_row: int = 0


@dataclass
class State:
    """What a checkpoint holds: progress, the fit's variables, and the best weights so far."""

    progress: Progress
    arrays: list[np.ndarray]
    best: list[np.ndarray]


def save_state(state: State, folder: Path, number: int) -> Path:
    """Writes `state-<number>.npz` and removes all but the newest two.

    Newer ones are there only if they could not be read: they are put aside as `*.damaged`.

    Args:
        state: what to keep.
        folder: the checkpoints' folder.
        number: steps done; a larger number is newer.

    Raises:
        OSError: the disk is full, or the folder cannot be written; older files are untouched.
    """
    path = folder / f"state-{number:09d}.npz"
    named: dict[str, Any] = {f"v{place:05d}": array for place, array in enumerate(state.arrays)}
    named |= {f"b{place:05d}": array for place, array in enumerate(state.best)}
    text = json.dumps({"format": FORMAT, "progress": vars(state.progress)})
    named["progress"] = np.array(text)
    with replacing(path) as temporary:
        np.savez(temporary, **named)
    for other in _newest_first(folder):
        if other.name > path.name:
            other.rename(other.with_suffix(".damaged"))
    for old in _newest_first(folder)[KEPT:]:
        old.unlink(missing_ok=True)
    return path


def write_history(history: Sequence[Mapping[str, float]], folder: Path) -> None:
    """Writes the figures of every epoch as `history.csv`, whole or not at all."""
    with replacing(folder / HISTORY) as temporary:
        pd.DataFrame(history).to_csv(temporary, index=False)


def load_newest(folder: Path, shapes: Sequence[tuple[int, ...]]) -> State | None:
    """The newest checkpoint that can be read; None where there is none.

    One that is damaged is passed over for the one before, and the log says so.

    Args:
        folder: the checkpoints' folder.
        shapes: of the variables that the state must have.

    Raises:
        ConfigError: the state is of another net.
    """
    paths = _newest_first(folder)
    for path in paths:
        try:
            state = _read(path)
        except _UNREADABLE as error:
            LOGGER.warning("%s cannot be read (%s): taking the one before it.", path, error)
            continue
        found = [array.shape for array in state.arrays]
        if found != list(shapes):
            raise ConfigError(
                f"Expected the checkpoint of a net with {len(shapes)} variables of known shapes; "
                f"this one has {len(found)}, or of other shapes.",
                file=path,
                fix="It is of another net: give another --workdir.",
            )
        return state
    if paths:
        LOGGER.warning("No checkpoint in %s can be read: this fit begins anew.", folder)
    return None


def _read(path: Path) -> State:
    with np.load(path, allow_pickle=False) as file:
        content = json.loads(str(file["progress"]))
        if content["format"] > FORMAT:
            raise ConfigError(
                f"Expected a checkpoint of format {FORMAT}; got {content['format']}.",
                file=path,
                fix="A newer cellscreen wrote it: go on with that one.",
            )
        names = sorted(file.files)
        arrays = [file[name] for name in names if name.startswith("v")]
        best = [file[name] for name in names if name.startswith("b")]
    return State(Progress(**content["progress"]), arrays, best)


def _newest_first(folder: Path) -> list[Path]:
    return sorted(folder.glob("state-*.npz"), reverse=True)
