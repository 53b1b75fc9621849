"""Runs of small label images, written out by hand."""

import numpy as np

from cellscreen.cells.label_runs import find_runs
from cellscreen.cells.threads import Threads


def _runs(labels, threads=1):
    with Threads(threads) as pool:
        return find_runs(np.asarray(labels, np.int32), pool)


def test_runs_are_ordered_by_object_then_row():
    objects = _runs([[7, 7, 3, 0], [0, 3, 3, 7]])
    assert objects.labels.tolist() == [3, 7]
    assert objects.first.tolist() == [0, 2, 4]
    assert objects.runs.tolist() == [[0, 2, 3], [1, 1, 3], [0, 0, 2], [1, 3, 4]]
    assert objects.areas.tolist() == [3, 3]
    assert objects.boxes.tolist() == [[0, 1, 2, 3], [0, 0, 2, 4]]


def test_pixels_are_ordered_by_object_then_row():
    objects = _runs([[7, 7, 3, 0], [0, 3, 3, 7]])
    assert objects.pixels.tolist() == [[0, 2], [1, 1], [1, 2], [0, 0], [0, 1], [1, 3]]
    assert objects.places.tolist() == [2, 5, 6, 0, 1, 7]
    assert objects.first_pixels.tolist() == [0, 3, 6]


def test_image_without_objects_has_no_runs():
    objects = _runs(np.zeros((3, 4)), threads=2)
    assert len(objects) == len(objects.runs) == len(objects.pixels) == 0
    assert objects.first.tolist() == objects.first_pixels.tolist() == [0]


def test_pixels_of_random_images_are_those_of_numpy():
    random = np.random.default_rng(0)
    for size in ((1, 1), (1, 40), (30, 1), (17, 23)):
        for highest in (1, 5, 10**9):
            labels = random.integers(0, highest + 1, size)
            objects = _runs(labels, threads=3)
            ids = np.unique(labels[labels > 0])
            assert objects.labels.tolist() == ids.tolist()
            expected = [place for label in ids for place in np.flatnonzero(labels == label)]
            assert objects.places.tolist() == expected
