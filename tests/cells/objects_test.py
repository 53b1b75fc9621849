"""Debris, borders, gaps: what the rules do, counted."""

import numpy as np
import pytest

from cellscreen.cells.objects import keep_objects, renumber
from cellscreen.errors import ImageError

FIELD = np.array(
    [
        [0, 0, 0, 0, 0, 0],
        [0, 5, 5, 0, 9, 0],
        [0, 5, 5, 0, 0, 0],
        [0, 0, 0, 0, 2, 2],
    ]
)


def test_objects_are_numbered_without_gaps_and_keep_their_old_numbers():
    kept = keep_objects(FIELD.copy())
    assert kept.ids.tolist() == [2, 5, 9]
    assert kept.labels.tolist()[1] == [0, 2, 2, 0, 3, 0]
    assert kept.labels.dtype == np.int32
    assert kept.areas.tolist() == [2, 4, 1]
    assert kept.centres.tolist() == [[4.5, 3], [1.5, 1.5], [4, 1]]
    assert kept.boxes.tolist() == [[4, 3, 6, 4], [1, 1, 3, 3], [4, 1, 5, 2]]
    assert (kept.counts.found, kept.counts.border, kept.counts.kept) == (3, 1, 3)


def test_debris_is_removed_and_counted():
    kept = keep_objects(FIELD.copy(), min_area=2)
    assert kept.ids.tolist() == [2, 5]
    assert kept.counts.debris == 1
    assert kept.labels[1, 4] == 0


def test_objects_at_the_border_are_dropped_only_where_that_is_the_rule():
    kept = keep_objects(FIELD.copy(), min_area=2, border="drop")
    assert kept.ids.tolist() == [5]
    assert (kept.counts.border, kept.counts.dropped, kept.counts.kept) == (1, 1, 1)
    assert set(kept.labels.ravel()) == {0, 1}


@pytest.mark.parametrize("side", [(0, 2), (3, 2), (2, 0), (2, 5)])
def test_all_four_borders_count(side):
    labels = np.zeros((4, 6), np.int32)
    labels[side] = 1
    assert keep_objects(labels).counts.border == 1


def test_small_objects_at_the_border_are_debris_not_border():
    counts = keep_objects(FIELD.copy(), min_area=3).counts
    assert (counts.debris, counts.border, counts.kept) == (2, 0, 1)


def test_an_empty_field_is_no_error():
    kept = keep_objects(np.zeros((4, 4), np.uint16))
    assert kept.counts.empty
    assert kept.centres.shape == (0, 2)
    assert kept.boxes.shape == (0, 4)
    assert not keep_objects(FIELD.copy()).counts.empty


@pytest.mark.parametrize("high", [70_000, 4_000_000_000])
def test_numbers_above_65535_and_with_gaps_are_kept_as_ids(high):
    labels = np.array([[0, 3], [high, high]], np.uint32)
    kept = keep_objects(labels)
    assert kept.ids.tolist() == [3, high]
    assert kept.labels.tolist() == [[0, 1], [2, 2]]


def test_a_huge_number_without_ground_is_kept_too():
    kept = keep_objects(np.array([[7, 4_000_000_000]], np.uint32))
    assert (kept.ids.tolist(), kept.labels.tolist()) == ([7, 4_000_000_000], [[1, 2]])


def test_numbers_below_0_are_told():
    with pytest.raises(ImageError, match=r"Expected object numbers of 0 and more; got -2\."):
        keep_objects(np.array([[0, -2]]))


def test_another_label_image_gets_the_same_numbers():
    kept = keep_objects(FIELD.copy(), min_area=2)
    assert renumber(FIELD, kept.ids).tolist() == kept.labels.tolist()
    assert not renumber(FIELD, np.array([], np.int64)).any()
