import numpy as np
import pytest
import tensorflow as tf
from scipy.ndimage import distance_transform_edt

from cellscreen.pipelines.cell_planes import (
    DEPTH_GRID,
    FLOW_PLANES,
    MASK_PLANES,
    cell_planes,
    flow_planes,
    mask_planes,
    plane_names,
)
from cellscreen.pipelines.records import open_records, prepared_plates
from cellscreen.records.cells import Cell, decode_cell

# A cell that fills its box's left, a neighbour at the right, ground between.
MASK = np.array(
    [
        [0, 1, 1, 1, 0, 2],
        [1, 1, 1, 1, 0, 2],
        [1, 1, 1, 1, 0, 0],
        [1, 1, 1, 1, 0, 0],
        [0, 1, 1, 1, 0, 0],
    ],
    np.uint8,
)


def _cell(mask=MASK, flow=None, channels=2):
    shape = mask.shape
    flow = np.zeros((*shape, 3), np.float32) if flow is None else flow
    intensity = np.arange(shape[0] * shape[1] * channels).reshape(*shape, channels)
    return Cell(
        intensity=tf.constant(intensity, tf.uint16),
        mask=tf.constant(mask),
        flow=tf.constant(flow, tf.float32),
        low=tf.zeros(channels, tf.int32),
        high=tf.range(50, 50 + 50 * channels, 50),
        measured=tf.zeros(3),
    )


def _padded_distance(inside):
    return distance_transform_edt(np.pad(inside, 1))[1:-1, 1:-1]


def test_mask_planes_are_own_other_outline_and_depth():
    own, other, outline, depth = np.moveaxis(mask_planes(tf.constant(MASK)).numpy(), -1, 0)
    np.testing.assert_array_equal(own, MASK == 1)
    np.testing.assert_array_equal(other, MASK == 2)
    np.testing.assert_array_equal(
        outline,
        [
            [0, 1, 1, 1, 0, 0],
            [1, 1, 0, 1, 0, 0],
            [1, 0, 0, 1, 0, 0],
            [1, 1, 0, 1, 0, 0],
            [0, 1, 1, 1, 0, 0],
        ],
    )
    expected = _padded_distance(MASK == 1)
    np.testing.assert_allclose(depth, expected / expected.max(), atol=1e-6)
    assert depth[2, 1] == depth[2, 2] == depth.max() == 1


@pytest.mark.parametrize("shape", [(1, 1), (1, 9), (31, 64), (7, 3)])
def test_depth_is_the_distance_to_the_nearest_pixel_outside(shape):
    mask = (np.random.default_rng(0).random(shape) > 0.2).astype(np.uint8)
    mask[0, 0] = 1
    expected = _padded_distance(mask == 1)
    depth = mask_planes(tf.constant(mask)).numpy()[..., 3]
    np.testing.assert_allclose(depth, expected / expected.max(), atol=1e-5)


def test_depth_of_a_large_cell_is_close_to_the_distance():
    rows, columns = np.mgrid[-90:91, -60:61]
    mask = ((rows / 90) ** 2 + (columns / 60) ** 2 <= 1).astype(np.uint8)
    assert min(mask.shape) > DEPTH_GRID
    expected = _padded_distance(mask == 1)
    depth = mask_planes(tf.constant(mask)).numpy()[..., 3]
    assert np.abs(depth - expected / expected.max()).max() < 0.06
    assert not depth[mask == 0].any()


def test_a_mask_without_its_cell_has_no_depth():
    planes = mask_planes(tf.zeros((3, 4), tf.uint8)).numpy()
    assert not planes.any()


def test_flow_planes_are_directions_probability_and_length():
    flow = np.array([[[0, 0, 0], [-5, 0, 100], [3, 4, -100], [2.5, -9, 0]]], np.float32)
    expected = [[[0.5, 0.5, 0.5, 0], [0, 0.5, 1, 1], [0.8, 0.9, 0, 1], [0.75, 0, 0.5, 1]]]
    np.testing.assert_allclose(flow_planes(tf.constant(flow)), expected, atol=1e-6)


def test_flow_in_z_is_not_used():
    flow = np.random.default_rng(0).normal(size=(4, 5, 3)).astype(np.float32)
    with_z = np.concatenate([np.full((4, 5, 1), 9, np.float32), flow], axis=-1)
    np.testing.assert_array_equal(flow_planes(tf.constant(with_z)), flow_planes(tf.constant(flow)))


def test_names_stand_for_the_planes():
    branches, channels = ("intensity", "mask", "flow"), ("DNA", "ER")
    names = plane_names(branches, channels)
    assert names == {"intensity": channels, "mask": MASK_PLANES, "flow": FLOW_PLANES}
    crops = cell_planes(_cell(), 7, branches)
    assert tuple(crops) == tuple(names) == branches
    for name, planes in crops.items():
        assert planes.dtype == tf.float32
        assert name == "intensity" or planes.shape == (7, 7, len(names[name]))
    assert tuple(cell_planes(_cell(), 7, ("flow",))) == ("flow",)


@pytest.mark.parametrize("fit", ["stretch", "pad"])
def test_crops_are_from_0_to_1_eagerly_and_in_a_dataset(fit):
    flow = np.random.default_rng(0).normal(0, 9, (5, 6, 3)).astype(np.float32)
    cell = _cell(flow=flow)
    branches = ("mask", "flow", "intensity")
    eager = cell_planes(cell, 16, branches, fit)

    def mapped(*parts):
        # As decoded from records: no shape is known but the rank.
        free = [
            tf.ensure_shape(tf.py_function(lambda x: x, [p], p.dtype), p.shape.rank * [None])
            for p in parts
        ]
        return cell_planes(Cell(*free), 16, branches, fit)

    (in_graph,) = tf.data.Dataset.from_tensors(tuple(cell)).map(mapped)
    for name, planes in eager.items():
        np.testing.assert_array_equal(in_graph[name], planes)
        assert planes.shape[:2] == (16, 16)
        assert 0 <= np.min(planes) < np.max(planes) <= 1


def test_a_box_of_the_right_size_is_not_resampled():
    cell = _cell(np.pad(MASK, [[0, 1], [0, 0]]))
    crops = cell_planes(cell, 6, ("mask", "intensity"))
    np.testing.assert_allclose(crops["mask"], mask_planes(cell.mask), atol=1e-6)
    limits = np.clip(cell.intensity.numpy() / [50, 100], 0, 1)
    np.testing.assert_allclose(crops["intensity"], limits, atol=1 / 255)


def test_stretching_fills_the_square_and_padding_keeps_the_shape():
    mask = np.ones((4, 2), np.uint8)
    stretched = cell_planes(_cell(mask), 8, ("mask",))["mask"].numpy()[..., 0]
    np.testing.assert_allclose(stretched, 1, atol=1e-6)
    padded = cell_planes(_cell(mask), 8, ("mask",), "pad")["mask"].numpy()[..., 0]
    np.testing.assert_allclose(padded[:, 2:6], 1, atol=1e-6)
    assert not padded[:, :2].any()
    assert not padded[:, 6:].any()


def test_padding_of_flows_is_no_flow_and_no_cell():
    mask, flow = np.ones((4, 2), np.uint8), np.full((4, 2, 3), 5, np.float32)
    padded = cell_planes(_cell(mask, flow), 8, ("flow",), "pad")["flow"].numpy()
    np.testing.assert_allclose(padded[0, 0], [0.5, 0.5, 0, 0], atol=1e-6)
    np.testing.assert_allclose(padded[3, 3], [1, 1, 1 / (1 + np.exp(-5)), 1], atol=1e-6)


@pytest.mark.parametrize("shape", [(5, 6, 0), (5, 6, 2), (5, 6, 5), (5, 5, 3)])
def test_flows_that_are_not_the_cells_are_told(shape):
    flow = np.zeros(shape, np.float32)
    with pytest.raises(tf.errors.InvalidArgumentError, match="Expected a flow of 3 or 4 planes as"):
        cell_planes(_cell(flow=flow), 8, ("mask", "flow"))
    assert cell_planes(_cell(flow=flow), 8, ("mask",))["mask"].shape == (8, 8, 4)


def test_crops_are_made_of_records_in_a_dataset(bag_records):
    records = open_records(prepared_plates(bag_records, "hcs", "cells"))
    made = records.map(lambda r: cell_planes(decode_cell(r), 12, ("mask", "intensity")))
    crops = list(made.as_numpy_iterator())
    assert len(crops) == 24
    for crop in crops:
        assert crop["mask"].shape == (12, 12, 4)
        assert crop["intensity"].shape == (12, 12, 2)
        own, _, _, depth = np.moveaxis(crop["mask"], -1, 0)
        assert own[6, 6] == pytest.approx(1)  # a disc fills the middle of its box
        assert depth[6, 6] > depth[6, 1]


def test_records_without_flows_are_told_when_flows_are_asked_for(bag_records):
    records = open_records(prepared_plates(bag_records, "hcs", "cells"))
    made = records.map(lambda r: cell_planes(decode_cell(r), 12, ("flow",)))
    with pytest.raises(tf.errors.InvalidArgumentError, match=r"leave flow out of --branches"):
        next(iter(made))
