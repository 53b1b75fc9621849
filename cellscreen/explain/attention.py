"""Attention of one bag's cells: by layer, mean of heads, roll-out; of the whole bag or of sets."""

from __future__ import annotations

import numpy as np
import pandas as pd

from cellscreen.explain.fold_net import FoldNet, Outputs
from cellscreen.pipelines.bag_draws import draw_sets

MEASURES = ("attention", "rollout")


def bag_attention(net: FoldNet, embeddings: np.ndarray) -> pd.DataFrame:
    """Attention over all cells of a bag at once (MID, Methods, "MID attention map").

    The net was trained on sets of a dozen; over a whole bag the weights are as exact as its own
    softmax, and every cell is compared with every other. `set_attention` stays with sets.

    Args:
        net: that held the bag out.
        embeddings: of its cells, `(cells, units)` float32.

    Returns:
        A row a cell, every column with a mean of 1, so that 1 is what a cell would get if all
        were alike: `attention` (softmax(q·k) of the CLS token in the last layer, mean of heads),
        `rollout` (attention roll-out over all layers), `layer_0`… (each layer's mean of heads).
    """
    mask = np.ones((1, len(embeddings)), bool)
    return _relative(net.ask(embeddings[None], mask))


def set_attention(
    net: FoldNet, embeddings: np.ndarray, set_crops: int, sets: int, seed: tuple[int, ...]
) -> pd.DataFrame:
    """Attention as the score is made: the mean over the random sets that drew a cell.

    Args:
        net: that held the bag out.
        embeddings: of its cells, `(cells, units)` float32.
        set_crops: cells of a set.
        sets: how many are drawn.
        seed: of the draws.

    Returns:
        As `bag_attention`, 1 being what each cell of a set would get; NaN for cells that no set
        drew.
    """
    cells = len(embeddings)
    at = draw_sets(cells, set_crops, sets, seed)
    each = _by_column(net.ask_sets(embeddings, at))
    times = np.bincount(at.ravel(), minlength=cells)
    means = {
        name: np.divide(
            np.bincount(at.ravel(), (values * set_crops).ravel(), cells),
            times,
            out=np.full(cells, np.nan),
            where=times > 0,
        )
        for name, values in each.items()
    }
    return pd.DataFrame(means)


def _relative(outputs: Outputs) -> pd.DataFrame:
    """The columns of the first set, brought to a mean of 1."""
    columns = {name: values[0].astype(float) for name, values in _by_column(outputs).items()}
    return pd.DataFrame({name: values * len(values) for name, values in columns.items()})


def _by_column(outputs: Outputs) -> dict[str, np.ndarray]:
    """Each measure `(sets, crops)`, of sum 1 over crops.

    A layer's row of the CLS token leaves out what it gave itself.
    """
    layers = outputs["layers"].mean(axis=2)
    layers = layers / np.maximum(layers.sum(axis=-1, keepdims=True), np.finfo(np.float32).tiny)
    named = {f"layer_{number}": layers[:, number] for number in range(layers.shape[1])}
    return {name: outputs[name] for name in MEASURES} | named
