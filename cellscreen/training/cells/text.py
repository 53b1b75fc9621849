"""What a fold of cells is trained on, in one line."""

from __future__ import annotations

import dataclasses

import numpy as np
import pandas as pd

from cellscreen.pipelines.balance import effective_counts
from cellscreen.training.cells.config import CellsConfig

MOST_NAMED = 12


def describe_cells(rows: pd.DataFrame, config: CellsConfig) -> str:
    """Cells and images of a fold's training part, by class where classes are few.

    Args:
        rows: of the manifest of cells, after down-sampling.
        config: with its classes filled in.

    Example:
        >>> describe_cells(data.manifest.loc[data.trained_rows(0)], config)  # doctest: +SKIP
        '4096 cells of 96 images. DMSO: 800 cells, 800 an epoch, weight 1.00; …'
    """
    classes, balance = config.data.classes, config.balance
    text = f"{len(rows)} cells of {rows['image'].nunique()} images. "
    if balance.sampling == "downsample":
        balance = dataclasses.replace(balance, sampling="all")  # whole images went already
    if len(classes) <= MOST_NAMED:
        return text + effective_counts(rows, classes, balance, config.fit.seed, "cell")
    sizes = np.bincount(rows["label"], minlength=len(classes))
    there = sizes[sizes > 0]
    large, small = int(sizes.argmax()), int(np.where(sizes > 0, sizes, sizes.max()).argmin())
    return text + (
        f"{len(there)} classes of {np.median(there):g} cells in the median, from {classes[small]} "
        f"with {sizes[small]} to {classes[large]} with {sizes[large]}; class weights "
        f"{balance.class_weights}, sampling {config.balance.sampling}."
    )
