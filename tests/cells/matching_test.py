"""Counts of objects that agree, worked out by hand."""

import math

import numpy as np
import pytest

from cellscreen.cells.matching import Matches, match_objects


def test_overlap_must_exceed_the_threshold():
    given = np.array([[1, 1, 1, 1, 0, 0]])
    half = np.array([[0, 0, 4, 4, 0, 0]])
    more = np.array([[0, 4, 4, 4, 0, 0]])
    assert match_objects(half, given) == (0, 1, 1)
    assert match_objects(more, given) == (1, 1, 1)
    assert match_objects(more, given, iou=0.75) == (0, 1, 1)


def test_one_found_object_over_two_given_ones_matches_the_larger():
    given = np.array([[1, 1, 1, 2]])
    assert match_objects(np.array([[7, 7, 7, 7]]), given) == (1, 1, 2)


def test_f1_is_of_pooled_counts():
    assert Matches(6, 8, 10).f1 == pytest.approx(12 / 18)
    assert math.isnan(match_objects(np.zeros((2, 2), int), np.zeros((2, 2), int)).f1)
