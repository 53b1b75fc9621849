"""A loss or gradient that is NaN or infinite: which images were in the batch, and what to do."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import NoReturn

import pandas as pd

from cellscreen.atomic import replacing
from cellscreen.errors import DataError
from cellscreen.fitting.machine import Machine
from cellscreen.fitting.task import Examples
from cellscreen.pipelines.order import Share, Start

LOGGER = logging.getLogger(__name__)
FILE = "nonfinite.csv"
MOST_IN_A_ROW = 20
SHOWN = 5


def note_batch(
    examples: Examples, start: Start, batch_size: int, folder: Path, machine: Machine
) -> list[str]:
    """Adds the keys of a step's images to `nonfinite.csv`; returns them.

    The order of examples is a function of the seed, so the batch can be read once more.
    """
    rows = next(iter(examples.batches(start, Share(batch_size))))[3].numpy()
    keys = examples.names(rows)
    LOGGER.warning(
        "Loss or gradients are not finite in epoch %d, step %d; its %d images are in %s.",
        start.epoch,
        start.step,
        len(keys),
        folder / FILE,
    )
    if machine.is_chief:
        path = folder / FILE
        new = pd.DataFrame({"epoch": start.epoch, "step": start.step, "key": keys})
        old = [pd.read_csv(path, dtype={"key": str})] if path.is_file() else []
        with replacing(path) as temporary:
            pd.concat([*old, new]).drop_duplicates().to_csv(temporary, index=False)
    return keys


def refuse_batch(start: Start, keys: list[str], folder: Path) -> NoReturn:
    """Ends a fit.

    Raises:
        DataError: always.
    """
    shown = ", ".join(keys[:SHOWN]) + (", …" if len(keys) > SHOWN else "")
    raise DataError(
        f"The loss or its gradients became NaN or infinite in epoch {start.epoch}, step "
        f"{start.step} (images {shown}); the net as it was before is kept.",
        file=folder / FILE,
        fix="Look at those images, lower --learning_rate, give --clip_norm=1, or leave such "
        "batches out with --on_nonfinite=skip in a new --workdir.",
    )
