"""The images of a finished run of cells, called by a vote of their cells."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from cellscreen.comparators.answers import run_answers, run_manifest
from cellscreen.fitting.run_folder import read_config_of, read_summary
from cellscreen.training.cells.config import CellsConfig
from cellscreen.training.cells.judgement import RULE
from cellscreen.training.cells.levels import IMAGE, voted_levels, with_places
from cellscreen.votes.confusion import confusion_counts
from cellscreen.votes.reliability import reliability_table


@dataclass(frozen=True)
class CalledImages:
    """What a run says of images by majority of their cells.

    Attributes:
        counts: of `votes.confusion.confusion_counts`.
        curve: of `votes.reliability.reliability_table`.
        reference: the class of the negative controls; "" if they have none.
    """

    counts: pd.DataFrame
    curve: pd.DataFrame
    reference: str


def called_images(workdir: Path) -> CalledImages:
    """Lets the cells of a finished run vote for their images.

    Args:
        workdir: a run folder of `train-cells`.

    Raises:
        ConfigError: the run is not finished, or another trainer's.

    Example:
        >>> called_images(Path("honesty/runs/well")).counts.loc["DMSO"].sum()  # doctest: +SKIP
        192
    """
    config = read_config_of(workdir, CellsConfig)
    classes = config.data.classes
    placed = with_places(run_answers(workdir), run_manifest(workdir))
    (images,) = voted_levels(placed, classes, (IMAGE,), (RULE,))
    return CalledImages(
        confusion_counts(images.table, classes),
        reliability_table(images.table, images.groups, classes),
        str(read_summary(workdir)["reference"]),
    )
