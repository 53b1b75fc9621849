"""Flat-field: uneven light divided out, by Harmony's profile or by an illumination function.

A row of a plate table says which: `illumination` is the path of a function as `.npy` (from a
`load_data_with_illum.csv`, or from `images.illumination`), `flatfield` is Harmony's profile as JSON
text (`plates.harmony_flatfield`). A function that someone gave goes before the microscope's own.
"""

from __future__ import annotations

import functools
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.polynomial.polynomial import polygrid2d

from cellscreen.errors import ImageError

ILLUMINATION, PROFILE = "illumination", "flatfield"
PARTS = ("Background", "Foreground")
KEPT = 10  # profiles in memory: the channels of a plate
_IDENTITY, _POLYNOMIAL = "Identity", "Polynomial"
_FIX = "Export the index again, or switch the flat-field correction off."


def correct(image: np.ndarray, row: Mapping[Any, Any]) -> np.ndarray:
    """Divides an image by the light that its row states; unchanged if it states none.

    Args:
        image: `(height, width)` or `(height, width, 3)`, uint8 or uint16, raw.
        row: a row of a plate table.

    Returns:
        As `divide`.

    Raises:
        ImageError: the profile or function cannot be read, or is of another size.

    Example:
        >>> correct(image, {"illumination": "plate_1_illum_DNA.npy"})  # doctest: +SKIP
    """
    profile = profile_of(row, image.shape[0], image.shape[1])
    return image if profile is None else divide(image, profile)


def divide(image: np.ndarray, profile: np.ndarray) -> np.ndarray:
    """`image / profile`, rounded (halves to even) and clipped to the image's own type.

    Args:
        image: `(height, width)` or `(height, width, 3)`, uint8 or uint16.
        profile: `(height, width)` float32, above 0.

    Returns:
        The image's shape and type.

    Example:
        >>> divide(np.array([[100, 250]], np.uint8), np.array([[0.5, 0.5]], np.float32)).tolist()
        [[200, 255]]
    """
    light = profile if image.ndim == 2 else profile[..., None]
    flat = np.divide(image, light, dtype=np.float32)
    np.rint(flat, out=flat)
    # Before the cast, which would wrap around.
    np.minimum(flat, np.iinfo(image.dtype).max, out=flat)
    return flat.astype(image.dtype)


def profile_of(row: Mapping[Any, Any], height: int, width: int) -> np.ndarray | None:
    """The light over a field that a row of a plate table states.

    Returns:
        `(height, width)` float32, above 0; None where it states none, or even light.

    Raises:
        ImageError: as `correct`.
    """
    place = {"plate": row.get("Metadata_Plate"), "well": row.get("Metadata_Well")}
    function, profile = row.get(ILLUMINATION), row.get(PROFILE)
    try:
        if isinstance(function, (str, Path)) and str(function):
            return read_function(function, height, width)
        if isinstance(profile, str) and profile:
            return harmony_profile(profile, height, width)
    except ImageError as error:
        raise ImageError(error.problem, file=error.file, fix=error.fix, **place) from error
    return None


@functools.lru_cache(maxsize=KEPT)
def harmony_profile(text: str, height: int, width: int, part: str = PARTS[0]) -> np.ndarray | None:
    """Harmony's polynomial over a field; its mean is 1.

    Row `n` of `Coefficients` holds the terms of degree `n`, from `x^n` to `y^n`, where
    `x = (column - Origin[0]) · Scale[0]` and `y = (row - Origin[1]) · Scale[1]` in pixels of a
    field of `Dims`; an image of another size (binned) is laid over the same field.

    Args:
        text: the profile as JSON text.
        height: of the image, in pixels.
        width: of the image, in pixels.
        part: `Background`, which every index has, or `Foreground`.

    Returns:
        `(height, width)` float32, read-only; None for even light.

    Raises:
        ImageError: the text holds no such profile, or the light falls to 0.
    """
    profile = _part(text, part)
    if profile["Type"] == _IDENTITY:
        return None
    try:
        terms = _square(profile["Coefficients"])
        x, y = _axis(profile, 0, width), _axis(profile, 1, height)
    except (KeyError, TypeError, ValueError, IndexError) as error:
        raise _odd(f"its {part} profile is incomplete ({error})") from error
    return _sound(polygrid2d(y, x, terms), None)


def read_function(path: str | Path, height: int, width: int) -> np.ndarray:
    """Reads an illumination function.

    Args:
        path: a `.npy` file of `(height, width)`, any float or integer type.
        height: of the images, in pixels.
        width: of the images, in pixels.

    Returns:
        `(height, width)` float32, read-only.

    Raises:
        ImageError: the file is no such array, of another size, or not above 0 everywhere.
    """
    try:
        return _function(os.fspath(path), os.stat(path).st_mtime_ns, height, width)
    except (OSError, ValueError, EOFError) as error:
        why = getattr(error, "strerror", None) or str(error)
        raise ImageError(
            f"Expected an illumination function (.npy); got: {why}.", file=path
        ) from error


@functools.lru_cache(maxsize=KEPT)
def _function(path: str, written: int, height: int, width: int) -> np.ndarray:
    """The function of a file as it was `written` (its time in ns): a new one is read anew."""
    del written
    # Mapped, so that a header that promises too much is refused before memory is taken.
    light = np.load(path, mmap_mode="r", allow_pickle=False)
    if not isinstance(light, np.ndarray) or light.dtype.kind not in "fiu":
        raise ImageError("Expected an illumination function of numbers, one array.", file=path)
    if light.shape != (height, width):
        raise ImageError(
            f"Expected an illumination function of {height}×{width}, the images' size; got "
            f"{'×'.join(map(str, light.shape))}.",
            file=path,
            fix="Give the function of this channel and binning.",
        )
    return _sound(light, path)


def _part(text: str, part: str) -> dict[str, Any]:
    try:
        profile = json.loads(text)[part]["Profile"]
        kind = profile["Type"]
    except (ValueError, KeyError, TypeError) as error:
        raise _odd(f"it has no {part} profile") from error
    if kind not in (_IDENTITY, _POLYNOMIAL):
        raise _odd(f"its type is {kind!r}")
    return profile


def _square(coefficients: list[list[float]]) -> np.ndarray:
    """`values[n, m]` of the term `y^n · x^m`, from rows of one degree each."""
    values = np.zeros((len(coefficients), len(coefficients)))
    for degree, row in enumerate(coefficients):
        for power, value in zip(range(degree + 1), row, strict=True):
            values[power, degree - power] = float(value)
    return values


def _axis(profile: Mapping[str, Any], axis: int, size: int) -> np.ndarray:
    """The polynomial's coordinate at the centre of each pixel along an axis."""
    step = float(profile["Dims"][axis]) / size
    centres = (np.arange(size) + 0.5) * step - 0.5
    return (centres - float(profile["Origin"][axis])) * float(profile["Scale"][axis])


def _odd(why: str) -> ImageError:
    return ImageError(
        f"Expected a flat-field profile ({_POLYNOMIAL} or {_IDENTITY}) of Harmony; {why}.",
        fix=_FIX,
    )


def _sound(light: np.ndarray, path: str | Path | None) -> np.ndarray:
    """The light as float32, if it can be divided by."""
    profile = light.astype(np.float32)
    if not (np.isfinite(profile).all() and (profile > 0).all()):
        raise ImageError(
            f"Expected light above 0 everywhere; its lowest value is {np.min(profile):.3g}.",
            file=path,
            fix=_FIX,
        )
    profile.flags.writeable = False
    return profile
