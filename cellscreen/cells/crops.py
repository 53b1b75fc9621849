"""Crops around the cells of a field, all of them in one gather, at the images' own resolution."""

from __future__ import annotations

import logging
from dataclasses import dataclass

import numpy as np

from cellscreen.cells.kernels_crops import copy_crops, copy_own
from cellscreen.cells.threads import Threads
from cellscreen.errors import ConfigError, ImageError

LOGGER = logging.getLogger(__name__)
SIZE = 96  # pixels (paper 001, Methods: "96 x 96 pixels centered on the nucleus")


@dataclass(frozen=True)
class Crops:
    """The crops of one field, in the order of their centres.

    Attributes:
        planes: `(n, channels, size, size)` in the source's type.
        centres: `(n, 2)` float64 x, y in pixels of the field.
        index: `(n,)` int64, the row of each crop among the centres asked for.
        padded: `(n,)` bool, whether the crop goes beyond the field and holds zeros there.
        larger: `(n,)` bool, whether its object does not fit into the crop; all False without boxes.
        excluded: centres left out because their crop goes beyond the field.
    """

    planes: np.ndarray
    centres: np.ndarray
    index: np.ndarray
    padded: np.ndarray
    larger: np.ndarray
    excluded: int

    def __len__(self) -> int:
        return len(self.centres)

    @property
    def pixels(self) -> np.ndarray:
        """`(n, size, size, channels)`: a view of `planes`, no copy."""
        return np.moveaxis(self.planes, 1, -1)


def crop_cells(
    planes: np.ndarray,
    centres: np.ndarray,
    size: int = SIZE,
    border: str = "pad",
    masks: np.ndarray | None = None,
    *,
    boxes: np.ndarray | None = None,
    buffer: np.ndarray | None = None,
    threads: Threads | None = None,
) -> Crops:
    """Cuts a square around each centre; nothing is resized.

    The pixel that the centre lies in (its coordinates rounded, halves up) comes to row and column
    `size // 2` of the crop.

    Args:
        planes: `(channels, height, width)`, any type; contiguous is fastest.
        centres: `(n, 2)` x, y in pixels, 0 the first pixel's middle.
        size: side of a crop in pixels.
        border: `pad` to fill with zeros what lies beyond the field, `exclude` to leave such cells
            out.
        masks: `(height, width)` int32 label image, object k + 1 that of centre k, to set other
            objects to 0; the ground stays. None to leave the neighbours in.
        boxes: `(n, 4)` left, top, right, bottom of the objects, to flag those larger than a crop.
        buffer: an array of `planes`' type from an earlier call's `crop_buffer`, to write to; the
            crops are valid until it is used again. Memory touched for the first time costs more
            than the copying.
        threads: to share the work; None for the caller's alone.

    Raises:
        ConfigError: a size below 1, a border rule of another name, or a buffer that does not fit.
        ImageError: planes, centres, masks or boxes of another shape, or a centre that is NaN or
            outside the field.

    Example:
        >>> field = np.arange(12, dtype=np.uint8).reshape(1, 3, 4)
        >>> crops = crop_cells(field, np.array([[0.0, 0.0], [1.0, 1.0]]), size=2)
        >>> crops.planes[1, 0].tolist(), crops.padded.tolist()
        ([[0, 1], [4, 5]], [True, False])
    """
    centres = np.asarray(centres, np.float64).reshape(-1, 2)
    _check(planes, centres, size, border, masks, boxes)
    corners = np.floor(centres + 0.5).astype(np.int64) - size // 2
    limits = np.array([planes.shape[2], planes.shape[1]]) - size
    padded: np.ndarray = np.any((corners < 0) | (corners > limits), axis=1)
    index = np.flatnonzero(~padded) if border == "exclude" else np.arange(len(centres))
    out = _room(buffer, len(index), planes, size)
    planes, corners = np.ascontiguousarray(planes), corners[index]
    if masks is None:
        _share(threads, len(index), copy_crops, planes, corners, out)
    else:
        own = (index + 1).astype(np.int32)
        labels = np.ascontiguousarray(masks, np.int32)
        _share(threads, len(index), copy_own, planes, corners, out, labels, own)
    larger = _larger(boxes, index, corners, size)
    excluded = len(centres) - len(index)
    return Crops(out, centres[index], index, padded[index], larger, excluded)


def crop_buffer(
    cells: int,
    channels: int,
    size: int,
    dtype: np.dtype | type,
    channels_last: bool = False,
) -> np.ndarray:
    """Returns room for so many crops, to be handed to `crop_cells` field after field.

    With `channels_last` it is `Crops.pixels` that lies in memory as it is, not `Crops.planes`:
    slower to fill, but faster than to fill and turn.
    """
    if channels_last:
        return np.moveaxis(np.empty((cells, size, size, channels), dtype), -1, 1)
    return np.empty((cells, channels, size, size), dtype)


def _check(
    planes: np.ndarray,
    centres: np.ndarray,
    size: int,
    border: str,
    masks: np.ndarray | None,
    boxes: np.ndarray | None,
) -> None:
    if size < 1 or border not in ("pad", "exclude"):
        raise ConfigError(
            f"Expected a size of 1 or more and border pad or exclude; got {size} and {border!r}."
        )
    if planes.ndim != 3:
        raise ImageError(f"Expected planes (channels, height, width); got {planes.shape}.")
    if masks is not None and masks.shape != planes.shape[1:]:
        raise ImageError(
            f"Expected masks of {planes.shape[1:]}, as the planes; got {masks.shape}.",
            fix="Use the label image of the same field, not resized.",
        )
    if boxes is not None and boxes.shape != (len(centres), 4):
        raise ImageError(f"Expected boxes ({len(centres)}, 4); got {boxes.shape}.")
    places = np.floor(centres + 0.5)
    inside = (places >= 0) & (places < [planes.shape[2], planes.shape[1]])  # False for NaN
    if not inside.all():
        x, y = centres[~inside.all(axis=1)][0]
        raise ImageError(
            f"Expected centres within {planes.shape[2]}×{planes.shape[1]} pixels; got {x:g}, {y:g}."
        )


def _room(buffer: np.ndarray | None, cells: int, planes: np.ndarray, size: int) -> np.ndarray:
    shape = (len(planes), size, size)
    if buffer is None:
        return np.empty((cells, *shape), planes.dtype)
    if buffer.dtype != planes.dtype or buffer.shape[1:] != shape or len(buffer) < cells:
        raise ConfigError(
            f"Expected a buffer of {cells} or more × {shape} {planes.dtype}; got {buffer.shape} "
            f"{buffer.dtype}.",
            fix="Make one by crop_buffer for the field with the most cells.",
        )
    return buffer[:cells]


def _share(threads: Threads | None, count: int, kernel: object, *given: np.ndarray) -> None:
    if threads is None:
        kernel(0, count, *given)  # type: ignore[operator]
    else:
        threads.run(kernel, threads.cut(range(count + 1)), *given)  # type: ignore[arg-type]


def _larger(
    boxes: np.ndarray | None, index: np.ndarray, corners: np.ndarray, size: int
) -> np.ndarray:
    """Which objects have pixels outside of their crop."""
    if boxes is None:
        return np.zeros(len(index), bool)
    chosen = boxes[index]
    larger = (chosen[:, :2] < corners).any(axis=1) | (chosen[:, 2:] > corners + size).any(axis=1)
    if larger.any():
        LOGGER.warning(
            "%d of %d objects are larger than their crop of %d pixels.",
            larger.sum(),
            len(index),
            size,
        )
    return larger
