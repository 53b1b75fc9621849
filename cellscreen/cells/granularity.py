"""Granularity spectrum of objects: what openings of growing size take away."""

from __future__ import annotations

import cv2
import numpy as np

from cellscreen.cells import kernels_granularity as kernel
from cellscreen.cells.label_runs import LabelRuns
from cellscreen.cells.threads import Threads

_CROSS = np.array([[0, 1, 0], [1, 1, 1], [0, 1, 0]], np.uint8)


def measure_granularity(
    objects: LabelRuns,
    plane: np.ndarray,
    length: int,
    reduction: int,
    background_radius: int,
    threads: Threads,
) -> np.ndarray:
    """Percent of an object's brightness in structures of each size.

    As CellProfiler's MeasureGranularity: the image is made smaller, its background taken off (an
    opening by a disc, on an image made smaller once more), then eroded step by step, each step
    reconstructed under the image; the loss of an object's mean from one step to the next, in
    percent of its first mean, is one number of the spectrum. Different: blocks are averaged where
    CellProfiler interpolates, every pixel has the value of its block, and the first mean is that
    of the image without background. An object without brightness above background has NaN.

    Args:
        objects: of the field.
        plane: `(height, width)`.
        length: numbers in the spectrum.
        reduction: side of a block in px; CellProfiler's usual subsampling of 0.25 is 4.
        background_radius: of the disc, in blocks of `reduction`² px.
        threads: to work in.

    Returns:
        `(length, objects)` float64.
    """
    image = without_background(block_means(plane, reduction), reduction, background_radius)
    blocks = _blocks(objects, reduction)
    means = [_object_means(image, objects, blocks, threads)]
    eroded = opened = image
    for _ in range(length):
        eroded = cv2.erode(eroded, _CROSS)
        # Under the last opening instead of the image: the same, and sooner there.
        ceiling, opened = opened, eroded.copy()
        kernel.reconstruct(opened, ceiling)
        means.append(_object_means(opened, objects, blocks, threads))
    start = np.where(means[0] > 0, means[0], np.nan)
    return -100 * np.diff(np.stack(means), axis=0) / start


def block_means(plane: np.ndarray, side: int) -> np.ndarray:
    """Means of blocks of `side`² px; those at the right and bottom may be smaller.

    Example:
        >>> block_means(np.array([[1, 3, 7], [1, 3, 9]]), 2).tolist()
        [[2.0, 8.0]]
    """
    if side == 1:
        return plane.astype(np.float64)
    starts = [np.arange(0, size, side) for size in plane.shape]
    sums = np.add.reduceat(plane.astype(np.float64), starts[0], axis=0)
    sums = np.add.reduceat(sums, starts[1], axis=1)
    rows, columns = (
        np.diff(np.append(start, size)) for start, size in zip(starts, plane.shape, strict=True)
    )
    return sums / np.outer(rows, columns)


def without_background(image: np.ndarray, reduction: int, radius: int) -> np.ndarray:
    """The image less its opening by a disc, which is made from an image smaller still."""
    small = block_means(image, reduction)
    across = np.arange(-radius, radius + 1) ** 2
    disc = (across[:, None] + across <= radius**2).astype(np.uint8)
    ground = cv2.morphologyEx(small, cv2.MORPH_OPEN, disc)
    height, width = image.shape
    ground = cv2.resize(ground, (width, height), interpolation=cv2.INTER_LINEAR)
    return np.maximum(image - ground, 0)


def _blocks(objects: LabelRuns, side: int) -> np.ndarray:
    """The place of each pixel's block in the flattened smaller image."""
    y, x = objects.pixels.T // side
    return y * -(-objects.image.shape[1] // side) + x


def _object_means(
    small: np.ndarray, objects: LabelRuns, blocks: np.ndarray, threads: Threads
) -> np.ndarray:
    means = np.empty(len(objects))
    first = objects.first_pixels
    threads.run(kernel.write_means, threads.cut(first), small.ravel(), blocks, first, means)
    return means
