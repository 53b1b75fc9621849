"""Flows from labels by hand, beside the heat written out plainly, and followed to the middle."""

import cv2
import numpy as np
import pytest

from cellscreen.cells.label_flows import FLOW_LENGTH, LOGIT, flows_of_labels
from cellscreen.errors import ImageError

DIAGONAL = FLOW_LENGTH / np.sqrt(2)


def test_a_square_flows_to_its_middle():
    flow = flows_of_labels(np.pad(np.full((3, 3), 4), 1))
    inside = flow[:, 1:4, 1:4]
    expected_y = [[DIAGONAL, 5, DIAGONAL], [0, 0, 0], [-DIAGONAL, -5, -DIAGONAL]]
    np.testing.assert_allclose(inside[0], expected_y, atol=1e-6)
    np.testing.assert_allclose(inside[1], np.transpose(expected_y), atol=1e-6)
    assert flow.dtype == np.float32


def test_the_cell_probability_is_sure_of_the_labels():
    flow = flows_of_labels(np.array([[0, 3, 3], [0, 0, 9]]))
    assert flow[2].tolist() == [[-LOGIT, LOGIT, LOGIT], [-LOGIT, -LOGIT, LOGIT]]
    assert not flow[:2, [0, 1, 1], [0, 0, 1]].any()


def test_touching_cells_flow_apart():
    flow = flows_of_labels(np.array([[1, 1, 1, 2, 2, 2]]))
    assert flow[1].tolist() == [[5, 0, -5, 5, 0, -5]]
    assert not flow[0].any()


def test_a_pixel_alone_has_no_direction():
    flow = flows_of_labels(np.array([[0, 0], [0, 6]]))
    assert not flow[:2].any()
    assert flow[2, 1, 1] == LOGIT


def test_the_middle_is_the_pixel_nearest_to_the_median():
    labels = np.zeros((7, 3), int)
    labels[:, 0], labels[6, :] = 1, 1  # an L: the medians are row 4 and column 0
    flow = flows_of_labels(labels)
    assert flow[:2, :4, 0].tolist() == [[5] * 4, [0] * 4]
    assert flow[0, 5, 0] == -5
    assert flow[1, 6, 2] == -5


def test_of_an_object_in_pieces_only_that_with_the_middle_flows():
    flow = flows_of_labels(np.array([[1, 1, 1, 0, 1]]))
    assert flow[1, 0, :3].tolist() == [5, 0, -5]
    assert flow[:, 0, 4].tolist() == [0, 0, LOGIT]


def test_numbers_of_objects_make_no_difference():
    labels = np.kron([[1, 2], [3, 1]], np.ones((4, 5), int)) * np.array([[1], [1], [0], [1]] * 2)
    other = np.array([0, 70_000, 12, 5])[labels]
    np.testing.assert_array_equal(flows_of_labels(labels), flows_of_labels(other))


@pytest.mark.parametrize("seed", range(3))
def test_flows_are_the_slope_of_the_heat_written_out(seed):
    random = np.random.default_rng(seed)
    noise = cv2.GaussianBlur(random.normal(size=(24, 31)), (0, 0), 3)
    _, labels = cv2.connectedComponents((noise > 0).astype(np.uint8), connectivity=4)
    flow = flows_of_labels(labels)
    for label in range(1, labels.max() + 1):
        mask = np.pad(labels == label, 1)
        expected = _slope(mask)[:, 1:-1, 1:-1]
        inside = labels == label
        np.testing.assert_allclose(flow[:2, inside], 5 * expected[:, inside], atol=1e-5)


def _slope(mask):
    y, x = np.nonzero(mask)
    nearest = ((y - np.median(y)) ** 2 + (x - np.median(x)) ** 2).argmin()
    heat = np.zeros(mask.shape)
    for _ in range(2 * (np.ptp(y) + np.ptp(x))):
        heat[y[nearest], x[nearest]] += 1
        heat = np.where(mask, cv2.boxFilter(heat, -1, (3, 3), borderType=cv2.BORDER_CONSTANT), 0)
    high = np.pad(np.log1p(heat), 1)
    slope = np.stack([high[2:, 1:-1] - high[:-2, 1:-1], high[1:-1, 2:] - high[1:-1, :-2]])
    length = np.hypot(*slope)
    return np.where(length > 1e-9, slope / np.maximum(length, 1e-9), 0)


def test_whoever_follows_the_flow_of_a_bent_cell_stays_in_it_and_comes_to_its_middle():
    labels = np.zeros((60, 60), np.int32)
    cv2.ellipse(labels, (30, 40), (22, 22), 0, 180, 360, 1, 9)
    flow = flows_of_labels(labels)[:2] / FLOW_LENGTH
    y, x = (places.astype(float) for places in np.nonzero(labels))
    for _ in range(120):
        step = flow[:, np.rint(y).astype(int), np.rint(x).astype(int)]
        y, x = y + step[0] / 2, x + step[1] / 2
        assert labels[np.rint(y).astype(int), np.rint(x).astype(int)].all()
    assert np.ptp(y) < 2
    assert np.ptp(x) < 2


def test_labels_that_are_none_are_refused():
    with pytest.raises(ImageError, match="Expected labels of 0 to"):
        flows_of_labels(np.array([[0, -1]]))
