"""Compiled: squares copied out of planes."""

from __future__ import annotations

import numpy as np
from numba import njit


@njit(nogil=True, cache=True)
def copy_crops(
    begin: int, end: int, planes: np.ndarray, corners: np.ndarray, out: np.ndarray
) -> None:
    """Copies the crops `begin` to `end`, zeros where they go beyond the field.

    Args:
        begin: first crop.
        end: the crop after the last.
        planes: `(channels, height, width)`.
        corners: `(n, 2)` int64 x, y of the first pixel, which may lie outside.
        out: `(n, channels, size, size)`.
    """
    channels, height, width = planes.shape
    size = out.shape[2]
    for crop in range(begin, end):
        left, top = corners[crop, 0], corners[crop, 1]
        first, last = max(0, -left), min(size, width - left)
        for channel in range(channels):
            for y in range(size):
                to = out[crop, channel, y]
                if y + top < 0 or y + top >= height:
                    for x in range(size):
                        to[x] = 0
                    continue
                for x in range(first):
                    to[x] = 0
                # Places counted from 0 on both sides become one move of memory; with an offset
                # the compiler asks of each pixel whether it lies left of 0.
                source, inside = planes[channel, y + top, first + left :], to[first:last]
                for x in range(len(inside)):
                    inside[x] = source[x]
                for x in range(last, size):
                    to[x] = 0


@njit(nogil=True, cache=True)
def copy_own(
    begin: int,
    end: int,
    planes: np.ndarray,
    corners: np.ndarray,
    out: np.ndarray,
    labels: np.ndarray,
    own: np.ndarray,
) -> None:
    """`copy_crops`, but what belongs to an object other than `own[crop]` is 0 too."""
    copy_crops(begin, end, planes, corners, out)
    height, width = labels.shape
    size = out.shape[2]
    for crop in range(begin, end):
        left, top = corners[crop, 0], corners[crop, 1]
        first, last = max(0, -left), min(size, width - left)
        for channel in range(planes.shape[0]):
            for y in range(max(0, -top), min(size, height - top)):
                of_row = labels[y + top, first + left :]
                inside = out[crop, channel, y, first:last]
                for x in range(len(inside)):
                    if of_row[x] != 0 and of_row[x] != own[crop]:
                        inside[x] = 0
