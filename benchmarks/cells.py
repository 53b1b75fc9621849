"""Cells: our own compiled code beside scikit-image on the same field, correctness beside each.

The field is drawn: 441 ellipses on 1080×1080, uint16 noise. Everything is warm; ways of working
take turns in one process, and the best call of several rounds counts, so that other jobs slow all
alike. Where another job keeps a core busy, two threads show nothing: look on a quiet machine.

    python benchmarks/cells.py               # half a minute
    python benchmarks/cells.py --rounds=3    # a quick look

It prints, and never asserts, times: machines differ, and other jobs run on them.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import cv2
import numpy as np
import pandas as pd
from absl import app, flags
from timing.turns import best_of

from cellscreen.cells.feature_config import GROUPS, PAPER_002_GROUPS, FeatureConfig
from cellscreen.cells.features import measure_objects
from cellscreen.cells.names import paper_002_columns

_ROUNDS = flags.DEFINE_integer("rounds", 15, "Rounds of which the best counts.", lower_bound=1)

SIZE_PX, STEP_PX = 1080, 50
CHANNEL = "DNA"
SCIKIT = "regionprops_table"
THREADS = (1, 2)
SCIKIT_NAMES = {  # scikit-image's: paper 002's
    "label": "label",
    "area": "area",
    "area_convex": "convex area",
    "perimeter": "perimeter",
    "eccentricity": "eccentricity",
    "axis_major_length": "major axis length",
    "axis_minor_length": "minor axis length",
    "orientation": "orientation",
    "solidity": "solidity",
    "extent": "extent",
    "intensity_mean": "mean intensity",
    "intensity_min": "min intensity",
    "intensity_max": "max intensity",
    "centroid-0": "centroid_y",
    "centroid-1": "centroid_x",
    "bbox-0": "bbox-0",
    "bbox-1": "bbox-1",
    "bbox-2": "bbox-2",
    "bbox-3": "bbox-3",
}


def main(argv: list[str]) -> None:
    """Measures each room in turn."""
    del argv
    benchmark_features(_ROUNDS.value)


def benchmark_features(rounds: int) -> None:
    """Prints objects a second of paper 002's columns beside scikit-image, and of all groups."""
    labels, plane = drawn_field()
    ways: dict[str, Callable[[], object]] = {SCIKIT: lambda: _scikit(labels, plane)}
    for threads in THREADS:
        config = FeatureConfig(groups=PAPER_002_GROUPS, threads=threads)
        ways[f"ours, {threads} thread(s)"] = _ours(labels, plane, config)
    count = int(labels.max())
    print(f"features: paper 002's 16 of {count} objects, one channel, best of {rounds}")
    _print_ways(best_of(ways, rounds), SCIKIT, count)
    _print_differences(_scikit(labels, plane), _ours(labels, plane, config)())
    groups = {name: _ours(labels, plane, FeatureConfig(groups=(name,))) for name in GROUPS}
    print("\nfeatures: each group alone, one channel, one thread")
    _print_ways(best_of(groups, min(rounds, 5)), None, count)


def drawn_field(seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Labels `(1080, 1080)` int32 of ellipses of 16 to 40 px, and a uint16 plane."""
    random = np.random.default_rng(seed)
    labels = np.zeros((SIZE_PX, SIZE_PX), np.int32)
    middles = range(STEP_PX // 2, SIZE_PX - STEP_PX // 2, STEP_PX)
    for number, (y, x) in enumerate((y, x) for y in middles for x in middles):
        axes = tuple(int(axis) for axis in random.integers(8, 21, 2))
        angle = float(random.uniform(0, 180))
        cv2.ellipse(labels, (x, y), axes, angle, 0, 360, number + 1, -1)
    noise = cv2.GaussianBlur(random.random(labels.shape), (0, 0), 2)
    return labels, (1000 + 20000 * (labels > 0) * noise).astype(np.uint16)


def _scikit(labels: np.ndarray, plane: np.ndarray) -> dict[str, np.ndarray]:
    from skimage.measure import regionprops_table

    names = list(dict.fromkeys(name.split("-")[0] for name in SCIKIT_NAMES))
    return regionprops_table(labels, plane, properties=names)


def _ours(
    labels: np.ndarray, plane: np.ndarray, config: FeatureConfig
) -> Callable[[], pd.DataFrame]:
    return lambda: measure_objects(labels, {CHANNEL: plane}, config=config)


def _print_ways(best: dict[str, float], base: str | None, count: int) -> None:
    for name, seconds in best.items():
        ratio = f"{best[base] / seconds:8.1f}×" if base else ""
        print(f"  {name:24}{1000 * seconds:10.2f} ms{count / seconds:12,.0f} objects/s{ratio}")


def _print_differences(theirs: dict[str, np.ndarray], ours: pd.DataFrame) -> None:
    columns = paper_002_columns(CHANNEL)
    apart = {}
    for name, paper in SCIKIT_NAMES.items():
        column = ours[columns[paper]].to_numpy(float)
        if name == "orientation":  # ours in degrees; an axis has no direction
            turn = np.radians(column) - theirs[name] + math.pi / 2
            apart[paper] = float(np.abs(turn % math.pi - math.pi / 2).max())
        else:
            apart[paper] = float(np.abs(column - theirs[name]).max())
    equal = [name for name, most in apart.items() if most == 0]
    others = {name: most for name, most in apart.items() if most > 0}
    print(f"  bit-identical: {', '.join(equal)}")
    print("  most apart: " + ", ".join(f"{name} {most:.1g}" for name, most in others.items()))


if __name__ == "__main__":
    app.run(main)
