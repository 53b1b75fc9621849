"""Compiled: Haralick's thirteen texture features, from the pairs of pixels that occur."""

from __future__ import annotations

import math

import numpy as np
from numba import njit

FEATURES = 13
DIRECTIONS = 4  # right, down and right, down, down and left
_LOGS = 1 << 16


@njit(nogil=True, cache=True)
def measure_textures(
    begin: int,
    end: int,
    grey: np.ndarray,
    levels: int,
    distance: int,
    labels: np.ndarray,
    pixels: np.ndarray,
    first: np.ndarray,
    out: np.ndarray,
) -> None:
    """Writes `(DIRECTIONS, FEATURES)` of the objects from `begin` to `end`; NaN without pairs.

    Args:
        begin: first object.
        end: the one after the last.
        grey: `(height, width)` uint8, below `levels` in all objects.
        levels: grey levels.
        distance: px between the pixels of a pair, in rows and in columns.
        labels: the label image.
        pixels: `(area of all, 2)` y, x of the objects' pixels.
        first: where each object's begin.
        out: `(objects, DIRECTIONS, FEATURES)` float64.
    """
    logs = np.log2(np.maximum(np.arange(_LOGS), 1).astype(np.float64))
    counts = np.zeros(levels * levels, np.int32)
    sums = np.zeros((3, 2 * levels), np.int64)
    longest = 1
    for k in range(begin, end):
        longest = max(longest, first[k + 1] - first[k])
    seen = np.empty(min(longest, levels * levels), np.int64)
    for k in range(begin, end):
        mine = pixels[first[k] : first[k + 1]]
        for direction in range(DIRECTIONS):
            dy = distance if direction > 0 else 0
            dx = distance * (1 if direction < 2 else (0 if direction == 2 else -1))
            found = _count_pairs(grey, labels, mine, dy, dx, levels, counts, seen)
            _write_features(counts, seen[:found], levels, sums, logs, out[k, direction])


@njit(nogil=True, cache=True)
def _count_pairs(
    grey: np.ndarray,
    labels: np.ndarray,
    pixels: np.ndarray,
    dy: int,
    dx: int,
    levels: int,
    counts: np.ndarray,
    seen: np.ndarray,
) -> int:
    """Counts pairs within the object as lower grey · levels + higher; how many kinds there are."""
    height, width = labels.shape
    found = 0
    for i in range(len(pixels)):
        y, x = pixels[i, 0], pixels[i, 1]
        ny, nx = y + dy, x + dx
        if ny >= height or nx < 0 or nx >= width or labels[ny, nx] != labels[y, x]:
            continue
        one, other = np.int64(grey[y, x]), np.int64(grey[ny, nx])
        code = min(one, other) * levels + max(one, other)
        if counts[code] == 0:
            seen[found] = code
            found += 1
        counts[code] += 1
    return found


@njit(nogil=True, cache=True)
def _log(count: int, logs: np.ndarray) -> float:
    return logs[count] if count < len(logs) else math.log2(count)


@njit(nogil=True, cache=True)
def _write_features(
    counts: np.ndarray,
    seen: np.ndarray,
    levels: int,
    sums: np.ndarray,
    logs: np.ndarray,
    out: np.ndarray,
) -> None:
    """The features of the symmetric matrix of pairs; empties `counts` for the next.

    A pair of two greys stands in two cells of that matrix, at half its weight each.
    """
    pairs = 0
    for i in range(len(seen)):
        pairs += counts[seen[i]]
    if pairs == 0:
        out[:] = np.nan
        return
    grey, plus, minus = sums[0], sums[1], sums[2]
    squares = plain = near = 0.0
    a1 = a2 = ab = d1 = d2 = s2 = 0
    for i in range(len(seen)):
        code = seen[i]
        count, low, high = int(counts[code]), code // levels, code % levels
        counts[code] = 0
        total, apart = low + high, high - low
        grey[low] += count
        grey[high] += count
        plus[total] += count
        minus[apart] += count
        twice = 2 if apart == 0 else 1
        squares += float(count * count) * twice
        plain += count * _log(twice * count, logs)
        near += count / (1.0 + apart * apart)
        a1 += count * total
        a2 += count * (low * low + high * high)
        ab += count * low * high
        d1 += count * apart
        d2 += count * apart * apart
        s2 += count * total * total
    n = float(pairs)
    spread = 2 * n * a2 - float(a1) * a1
    entropy = math.log2(2 * n) - plain / n
    entropy_grey = _entropy(grey, seen, 0, levels, 2 * n, logs)
    out[0] = squares / (2 * n * n)
    out[1] = d2 / n
    out[2] = (4 * n * ab - float(a1) * a1) / spread if spread > 0 else 1.0
    out[3] = spread / (4 * n * n)
    out[4] = near / n
    out[5] = a1 / n
    out[6] = (n * s2 - float(a1) * a1) / (n * n)
    out[7] = _entropy(plus, seen, 1, levels, n, logs)
    out[8] = entropy
    out[9] = (n * d2 - float(d1) * d1) / (n * n)
    out[10] = _entropy(minus, seen, 2, levels, n, logs)
    # For a symmetric matrix, Haralick's HXY1 and HXY2 are both twice the entropy of one side.
    out[11] = (entropy - 2 * entropy_grey) / entropy_grey if entropy_grey > 0 else np.nan
    out[12] = math.sqrt(max(0.0, 1 - math.exp(-2 * (2 * entropy_grey - entropy))))


@njit(nogil=True, cache=True)
def _entropy(
    sums: np.ndarray, seen: np.ndarray, kind: int, levels: int, total: float, logs: np.ndarray
) -> float:
    """Entropy in bits of the counts that the pairs seen left in `sums`, which it empties."""
    weighted = 0.0
    for i in range(len(seen)):
        low, high = seen[i] // levels, seen[i] % levels
        place = low if kind == 0 else (low + high if kind == 1 else high - low)
        weighted += sums[place] * _log(sums[place], logs)
        sums[place] = 0
        if kind == 0:
            weighted += sums[high] * _log(sums[high], logs)
            sums[high] = 0
    return max(0.0, math.log2(total) - weighted / total)
