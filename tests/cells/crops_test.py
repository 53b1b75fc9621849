"""Crops beside slices of a padded field."""

import logging

import numpy as np
import pytest

from cellscreen.cells.crops import SIZE, crop_buffer, crop_cells
from cellscreen.cells.threads import Threads
from cellscreen.errors import ConfigError, ImageError

RANDOM = np.random.default_rng(0)
FIELD = RANDOM.integers(1, 60000, (3, 50, 70)).astype(np.uint16)
CENTRES = RANDOM.uniform([-0.5, -0.5], [69.4, 49.4], (25, 2))


def _sliced(planes, centres, size):
    """Pads and slices, one crop after the other."""
    padded = np.pad(planes, ((0, 0), (size, size), (size, size)))
    crops = []
    for x, y in np.floor(np.asarray(centres) + 0.5).astype(int) + size - size // 2:
        crops.append(padded[:, y : y + size, x : x + size])
    return np.moveaxis(np.array(crops), 1, -1)


@pytest.mark.parametrize("size", [1, 2, 7, 16, 96])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
def test_equal_to_slices_of_the_padded_field(size, dtype):
    planes = FIELD.astype(dtype)
    crops = crop_cells(planes, CENTRES, size)
    assert crops.pixels.dtype == dtype
    assert np.array_equal(crops.pixels, _sliced(planes, CENTRES, size))


def test_size_is_the_papers_by_default():
    assert SIZE == 96
    assert crop_cells(FIELD, CENTRES[:2]).pixels.shape == (2, 96, 96, 3)


def test_threads_and_a_used_buffer_change_nothing():
    buffer = crop_buffer(40, 3, 16, np.uint16)
    buffer[:] = 7
    with Threads(2) as threads:
        crops = crop_cells(FIELD, CENTRES, 16, buffer=buffer, threads=threads)
    assert np.array_equal(crops.pixels, _sliced(FIELD, CENTRES, 16))
    assert np.shares_memory(crops.planes, buffer)


@pytest.mark.parametrize("masks", [None, np.zeros(FIELD.shape[1:], np.int32)])
def test_channels_may_come_last_in_memory(masks):
    buffer = crop_buffer(len(CENTRES), 3, 16, np.uint16, channels_last=True)
    crops = crop_cells(FIELD, CENTRES, 16, masks=masks, buffer=buffer)
    assert np.array_equal(crops.pixels, _sliced(FIELD, CENTRES, 16))
    assert crops.pixels.flags.c_contiguous


def test_padded_crops_are_flagged():
    inside, left, bottom = [8, 8], [7.4, 8], [8, 42.5]
    crops = crop_cells(FIELD, np.array([inside, left, bottom]), 16)
    assert crops.padded.tolist() == [False, True, True]
    assert crops.excluded == 0
    assert not crops.planes[1, :, :, 0].any()


def test_padded_crops_can_be_excluded_and_are_counted():
    crops = crop_cells(FIELD, np.array([[1, 8], [8, 8], [60, 2], [20, 20]]), 16, "exclude")
    assert crops.index.tolist() == [1, 3]
    assert crops.centres.tolist() == [[8, 8], [20, 20]]
    assert (crops.excluded, len(crops)) == (2, 2)
    assert not crops.padded.any()


def test_neighbours_are_masked_and_the_ground_stays():
    planes = np.full((2, 4, 4), 9, np.uint8)
    labels = np.array([[1, 1, 0, 2], [1, 1, 0, 2], [0, 0, 0, 0], [2, 2, 2, 2]], np.int32)
    crops = crop_cells(planes, np.array([[1, 1], [3, 3]]), 4, masks=labels)
    assert crops.planes[0, 1].tolist() == _masked(planes[1], labels, 1, -1, -1)
    assert crops.planes[1, 0].tolist() == _masked(planes[0], labels, 2, 1, 1)


def _masked(plane, labels, own, top, left):
    """The 4×4 crop from `top` and `left`, other objects than `own` 0."""
    rows = []
    for y in range(top, top + 4):
        row = []
        for x in range(left, left + 4):
            inside = 0 <= y < 4 and 0 <= x < 4
            row.append(int(plane[y, x]) if inside and labels[y, x] in (0, own) else 0)
        rows.append(row)
    return rows


def test_masks_follow_excluded_cells():
    labels = np.zeros((50, 70), np.int32)
    labels[0:3, 0:3], labels[20:24, 20:24], labels[20:24, 24:28] = 1, 2, 3
    centres = np.array([[1, 1], [22, 22], [26, 22]])
    crops = crop_cells(FIELD, centres, 8, "exclude", labels)
    assert (crops.planes[0, :, :, 6:] == 0)[:, 2:6].all()
    assert (crops.planes[0, :, 2:6, 2:6] == FIELD[:, 20:24, 20:24]).all()


def test_an_object_larger_than_its_crop_is_flagged_and_warned_of(caplog):
    boxes = np.array([[12, 12, 28, 28], [12, 12, 29, 28]])
    with caplog.at_level(logging.WARNING):
        crops = crop_cells(FIELD, np.array([[20, 20], [20, 20]]), 16, boxes=boxes)
    assert crops.larger.tolist() == [False, True]
    assert "1 of 2 objects are larger than their crop of 16 pixels." in caplog.text


def test_a_field_without_cells_makes_no_crops():
    crops = crop_cells(FIELD, np.empty((0, 2)), 16, boxes=np.empty((0, 4)))
    assert crops.pixels.shape == (0, 16, 16, 3)
    assert len(crops) == 0


@pytest.mark.parametrize("centre", [[np.nan, 3], [-0.6, 3], [69.5, 3], [3, 50]])
def test_centres_outside_the_field_are_told(centre):
    with pytest.raises(ImageError, match="Expected centres within 70×50 pixels; got"):
        crop_cells(FIELD, np.array([[5, 5], centre]), 16)


@pytest.mark.parametrize(
    ("given", "error", "text"),
    [
        ({"size": 0}, ConfigError, "Expected a size of 1 or more"),
        ({"border": "reflect"}, ConfigError, "border pad or exclude; got 96 and 'reflect'"),
        ({"masks": np.zeros((5, 5))}, ImageError, r"Expected masks of \(50, 70\), as the planes"),
        ({"boxes": np.zeros((1, 4))}, ImageError, r"Expected boxes \(25, 4\); got \(1, 4\)"),
        ({"buffer": np.empty((24, 3, 96, 96), np.uint16)}, ConfigError, "Expected a buffer of 25"),
        ({"buffer": np.empty((25, 3, 96, 96), np.uint8)}, ConfigError, "Expected a buffer of 25"),
    ],
)
def test_what_does_not_fit_is_told(given, error, text):
    with pytest.raises(error, match=text):
        crop_cells(FIELD, CENTRES, **given)


def test_a_single_plane_is_not_guessed_to_be_a_channel():
    with pytest.raises(ImageError, match=r"Expected planes \(channels, height, width\)"):
        crop_cells(FIELD[0], CENTRES)
