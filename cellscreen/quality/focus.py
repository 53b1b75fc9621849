"""How sharp an image is, in the two measures that screeners know."""

from __future__ import annotations

import functools
import math

import cv2
import numpy as np
import scipy.fft

_EDGE = 8  # CellProfiler's: radii up to an eighth of the shorter side


def power_slope(image: np.ndarray) -> float:
    """The power-log-log slope: steeper, more negative, where fine detail is missing.

    The slope of log(power within a ring) over log(radius) of the image's spectrum, as CellProfiler
    measures it (MeasureImageQuality, PowerLogLogSlope; Bray et al. 2012, J Biomol Screen 17:266,
    Methods), its way of counting radii included. It does not depend on the intensity scale.

    Args:
        image: `(height, width)`, uint8 or uint16.

    Returns:
        About -3 to 0 in focus, less when blurred; NaN for an image of one value or of a side
        below 32 pixels.

    Example:
        >>> power_slope(np.zeros((64, 64), np.uint8))
        nan
    """
    radii = np.arange(2, int(min(image.shape) // _EDGE))
    if len(radii) < 2 or image.min() == image.max():
        return math.nan
    power = _ring_powers(image)[radii]
    found = power > 0
    if np.count_nonzero(found) < 2:
        return math.nan
    return float(np.polyfit(np.log(radii[found]), np.log(power[found]), 1)[0])


def laplacian_variance(image: np.ndarray) -> float:
    """The variance of the Laplacian, in squared raw values: smaller where the image is blurred.

    It also falls with brightness and with the number of cells, so it is compared within a channel.

    Args:
        image: `(height, width)`, uint8 or uint16.

    Returns:
        0 or more; NaN for an image of one value.

    Example:
        >>> laplacian_variance(np.zeros((8, 8), np.uint8))
        nan
    """
    if image.min() == image.max():
        return math.nan
    deviation = cv2.meanStdDev(cv2.Laplacian(image, cv2.CV_32F))[1]
    return float(deviation[0, 0] ** 2)


def _ring_powers(image: np.ndarray) -> np.ndarray:
    """Power summed over the rings of the spectrum, by radius.

    Only frequencies up to the last ring are transformed along the second axis, and those of
    negative columns follow from the positive ones: the image is real.
    """
    height, width = image.shape
    reach = min(image.shape) // _EDGE + 1
    lines = scipy.fft.rfft(image - image.mean(dtype=np.float32), axis=1)[
        :, : min(reach, width // 2)
    ]
    spectrum = scipy.fft.fft(lines, axis=0)
    rows = np.r_[:reach, height - reach : height]
    power = np.square(np.abs(spectrum[rows].astype(np.complex128)))
    here, mirrored = _radii(reach, power.shape[1])
    inner = power[:, 1:]
    most = int(max(here.max(), mirrored.max())) + 1
    sums = np.bincount(here.ravel(), power.ravel(), most)
    return sums + np.bincount(mirrored.ravel(), inner.ravel(), most)


@functools.lru_cache(maxsize=16)
def _radii(reach: int, across: int) -> tuple[np.ndarray, np.ndarray]:
    """The ring of every frequency, and of its mirror image in the negative columns.

    CellProfiler numbers rings from 1 and takes the frequency -k for k - 1; slopes that agree with
    those that people know need both.
    """
    down = np.r_[:reach, -reach:0][:, None]
    columns = np.arange(across)[None]
    here = np.hypot(np.where(down < 0, -down - 1, down), columns)
    mirrored = np.hypot(np.where(down > 0, down - 1, -down), columns[:, 1:] - 1)
    return here.astype(int) + 1, mirrored.astype(int) + 1
