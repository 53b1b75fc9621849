"""Neighbours of drawn squares, counted by hand and by SciPy."""

import numpy as np
import pytest
from scipy.spatial.distance import cdist

from cellscreen.cells.intensity import edges
from cellscreen.cells.label_runs import find_runs
from cellscreen.cells.neighbours import measure_neighbours
from cellscreen.cells.threads import Threads


def _neighbours(labels, distance=1):
    with Threads(1) as threads:
        objects = find_runs(np.asarray(labels, np.int32), threads)
        return measure_neighbours(objects, edges(objects, threads), distance, threads)


def test_side_by_side_is_a_neighbour_and_a_corner_is_none():
    labels = np.array([[1, 1, 2, 2], [1, 1, 2, 2], [0, 0, 0, 0], [4, 0, 0, 3]])
    assert _neighbours(labels)["NumberOfNeighbors"].tolist() == [1, 1, 0, 0]
    corner = np.array([[1, 0], [0, 2]])
    assert _neighbours(corner)["NumberOfNeighbors"].tolist() == [0, 0]


def test_touching_is_a_share_of_the_edge():
    labels = np.zeros((6, 8), int)
    labels[1:5, 1:4], labels[1:5, 4:7] = 1, 2
    # 10 of the 12 pixels are edge, 4 of them beside the other object
    assert _neighbours(labels)["PercentTouching"] == pytest.approx([40, 40])


@pytest.mark.parametrize("distance", [1, 2, 5])
def test_neighbours_are_those_with_a_pixel_near_enough(distance):
    random = np.random.default_rng(distance)
    labels = np.kron(random.integers(0, 9, (5, 6)), np.ones((4, 4), int))
    labels[random.random(labels.shape) < 0.3] = 0
    ids = np.unique(labels[labels > 0])
    pixels = [np.argwhere(labels == label) for label in ids]
    expected = [
        sum(cdist(one, other).min() <= distance for other in pixels if other is not one)
        for one in pixels
    ]
    assert _neighbours(labels, distance)["NumberOfNeighbors"].tolist() == expected


def test_more_neighbours_than_were_made_room_for():
    labels = np.zeros((3, 80), int)
    labels[1] = 1
    labels[0, ::2] = np.arange(2, 42)
    assert _neighbours(labels)["NumberOfNeighbors"][0] == 40


def test_distances_and_angle_are_between_centres():
    labels = np.zeros((9, 9), int)
    labels[0, 0], labels[0, 4], labels[3, 0] = 1, 2, 3
    got = _neighbours(labels)
    assert got["FirstClosestDistance"].tolist() == [3, 4, 3]
    assert got["SecondClosestDistance"].tolist() == [4, 5, 5]
    assert got["AngleBetweenNeighbors"][0] == pytest.approx(90)


def test_objects_with_one_centre_are_neighbours_at_distance_zero():
    labels = np.zeros((7, 7), int)
    labels[1:6, 1:6], labels[2:5, 2:5], labels[3, 3] = 3, 2, 1
    got = _neighbours(labels)
    assert got["FirstClosestDistance"].tolist() == [0, 0, 0]
    assert np.isnan(got["AngleBetweenNeighbors"]).all()


def test_lone_object_has_no_distances():
    got = _neighbours([[0, 1]])
    assert got["NumberOfNeighbors"].tolist() == [0]
    assert np.isnan([got["FirstClosestDistance"], got["SecondClosestDistance"]]).all()
    two = _neighbours([[2, 0, 1]])
    assert two["FirstClosestDistance"].tolist() == [2, 2]
    assert np.isnan(two["SecondClosestDistance"]).all()
