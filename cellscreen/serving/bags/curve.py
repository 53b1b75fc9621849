"""How well a run's nets do with sets of n crops: the patch number curve (MID, Figure 1)."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
from tqdm import tqdm

from cellscreen.errors import ConfigError, DataError
from cellscreen.fitting import run_folder
from cellscreen.images.threads import read_in_order
from cellscreen.judging.metrics import class_metrics
from cellscreen.pipelines.bag_checks import bag_checksums
from cellscreen.pipelines.bag_index import BagIndex, index_bags
from cellscreen.pipelines.folds import read_manifest
from cellscreen.serving.bags.answers import READERS
from cellscreen.serving.bags.scorer import load_nets
from cellscreen.training.bags.config import BagsConfig
from cellscreen.training.bags.inference_config import InferenceConfig
from cellscreen.training.bags.set_inference import SetInference

LOGGER = logging.getLogger(__name__)
CROPS = (1, 2, 4, 8, 12, 16, 24, 32, 48, 64, 96)
METRICS = ("accuracy", "precision", "recall", "auroc")
_LOW, _HIGH = 2.5, 97.5


class CurveAnswers(NamedTuple):
    """What the nets answer with sets of each size.

    Attributes:
        labels: `(bags,)` int, class numbers.
        cells: `(bags,)` int.
        each: for each number of crops `(sets, bags, classes)` float64, what each set answers.
        classes: names.
        simulated: whether bags, or those that the nets were trained on, are simulated.
        leaky: whether images of one well are in several folds.
    """

    labels: np.ndarray
    cells: np.ndarray
    each: dict[int, np.ndarray]
    classes: tuple[str, ...]
    simulated: bool
    leaky: bool


def curve_answers(
    workdir: Path,
    folders: Sequence[Path],
    crops: Sequence[int] = CROPS,
    inference: InferenceConfig | None = None,
) -> CurveAnswers:
    """Asks each net of a run for the bags that its fold held out, with sets of each size.

    Each crop is encoded once, whatever the number of sizes; wells are read one after the other and
    forgotten.

    Args:
        workdir: a finished run of nets of classes.
        folders: the prepared directories that it was trained on, kind `bags`.
        crops: sizes of a set.
        inference: how many sets, and the batch of the encoder; None for the run's.

    Raises:
        ConfigError: the run is not finished or not of classes, a size below 1, or the crops are
            not those of its nets.
        DataError: no bag was trained on, held out once and has cells; or a net answers NaN.
        RecordError: the plates are not those of the run, or damaged.

    Example:
        >>> answers = curve_answers(Path("runs/mid"), folders, (1, 12))  # doctest: +SKIP
        >>> curve_table(answers).query("metric == 'auroc'")  # doctest: +SKIP
    """
    sizes = sorted(set(crops))
    if not sizes or sizes[0] < 1:
        raise ConfigError(f"Expected sets of 1 crop or more; got {list(crops)}.")
    config = run_folder.read_config_of(workdir, BagsConfig)
    if config.data.target != "classes":
        raise ConfigError(
            f"Expected a run of classes; this one is of {config.data.target}.", file=workdir
        )
    index = index_bags(folders, config.bag_input.bag_unit)
    asked = _asked(workdir, index)
    nets = load_nets(workdir, config, inference or config.inference, index)
    each: dict[int, list[np.ndarray]] = {size: [] for size in sizes}
    bags = _embedded(nets, index, asked)
    for key, net, embeddings in tqdm(bags, total=len(asked), unit=" bags", desc="Asking"):
        for size in sizes:
            at = net.draws(len(embeddings), key, size)
            each[size].append(net.answer_sets(embeddings, at, key).each)
    cells = index.bags["cells"].to_numpy()[asked["row"]]
    stacked = {size: np.stack(found, axis=1).astype(np.float64) for size, found in each.items()}
    summary = run_folder.read_summary(workdir)
    said = {name: bool(summary[name]) for name in ("simulated", "leaky")}
    return CurveAnswers(asked["label"].to_numpy(), cells, stacked, config.data.classes, **said)


def curve_table(answers: CurveAnswers) -> pd.DataFrame:
    """The figures of each number of crops.

    Returns:
        A row a number of crops and figure: `crops, metric, averaged` (of the mean over sets, as
        `cellscreen score` scores), `draw_mean, draw_sd, draw_low, draw_high` (of single sets, one
        of each bag: mean, SD, and the middle 95 % over draws), `draws, bags, short_bags` (bags of
        fewer cells, whose sets repeat some), `simulated, leaky`. Undefined figures are NaN, and so
        is what counts one.
    """
    rows = []
    for size, each in answers.each.items():
        averaged = class_metrics(answers.labels, each.mean(axis=0), answers.classes)
        draws = [class_metrics(answers.labels, one, answers.classes) for one in each]
        for metric in METRICS:
            values = np.array([draw[metric] for draw in draws])
            low, high = np.percentile(values, (_LOW, _HIGH))
            rows.append(
                {
                    "crops": size,
                    "metric": metric,
                    "averaged": averaged[metric],
                    "draw_mean": values.mean(),
                    "draw_sd": values.std(ddof=1) if len(values) > 1 else np.nan,
                    "draw_low": low,
                    "draw_high": high,
                    "draws": len(values),
                    "bags": len(answers.labels),
                    "short_bags": int((answers.cells < size).sum()),
                    "simulated": answers.simulated,
                    "leaky": answers.leaky,
                }
            )
    return pd.DataFrame(rows)


def _asked(workdir: Path, index: BagIndex) -> pd.DataFrame:
    """Bags that were trained on and held out once, and have cells: `row, fold, label`."""
    manifest = read_manifest(workdir / run_folder.MANIFEST).set_index("key")
    bags = index.bags[["key", "cells"]].assign(row=range(len(index.bags)), sha=bag_checksums(index))
    bags = bags.join(manifest[["fold", "label", "trained", "checksum"]], on="key", how="inner")
    other = bags[bags["sha"] != bags["checksum"]]
    if len(other) or len(bags) < len(manifest):
        what = f"{other['key'].iloc[0]} is another" if len(other) else "some are missing"
        raise DataError(
            f"Expected the {len(manifest)} bags that the run was trained on; {what}.",
            file=workdir / run_folder.MANIFEST,
            fix="Give the --data_dir of the training.",
        )
    held_out = bags[bags["trained"] & (bags["fold"] >= 0)]
    chosen = held_out[held_out["cells"] > 0]
    if chosen.empty:
        raise DataError("Expected bags that a fold held out; the run has none with cells.")
    if len(chosen) < len(held_out):
        LOGGER.warning("%d of %d bags have no cells.", len(held_out) - len(chosen), len(held_out))
    return chosen[["key", "row", "fold", "label"]]


def _embedded(
    nets: dict[int, SetInference], index: BagIndex, asked: pd.DataFrame
) -> Iterator[tuple[str, SetInference, np.ndarray]]:
    """Key, net and embeddings `(cells, units)` of each bag."""
    rows = asked["row"].tolist()
    crops = read_in_order(index.read_crops, rows, READERS)
    for key, fold, pixels in zip(asked["key"], asked["fold"], crops, strict=True):
        yield key, nets[fold], nets[fold].embed(pixels)
