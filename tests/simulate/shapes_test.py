import numpy as np
import pytest

from cellscreen.simulate import shapes

SQUARE = np.array([[[0, 0], [2, 0], [2, 2], [0, 2]]], float)


def test_area_and_roundness_of_a_square():
    assert shapes.areas(SQUARE) == pytest.approx([4])
    assert shapes.roundness(SQUARE) == pytest.approx([np.pi / 4])


def test_ellipses_have_the_area_and_lie_along_the_angle():
    ellipse = shapes.ellipses(np.array([200.0]), np.array([2.0]), np.array([np.pi / 2]))
    assert shapes.areas(ellipse) == pytest.approx([200], rel=0.02)
    width, height = np.ptp(ellipse[0], axis=0)
    assert height / width == pytest.approx(2, rel=0.02)


def test_a_cell_without_processes_is_a_circle_and_two_make_a_spindle():
    poles = np.array([[0.0, np.pi], [0.0, np.nan]])
    reach = np.array([[1.2, 1.2], [0.0, 0.0]])
    made = shapes.outlines(poles, reach, np.zeros((2, 5, 2)), np.array([900.0, 900.0]))
    assert shapes.areas(made) == pytest.approx([900, 900])
    spindle, circle = shapes.roundness(made)
    assert circle > 0.99
    assert spindle < 0.65
    width, height = np.ptp(made[0], axis=0)
    assert width > 2.5 * height
