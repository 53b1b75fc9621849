import numpy as np
import pytest
import tensorflow as tf

from cellscreen.pipelines.cell_planes import flow_planes
from cellscreen.pipelines.cell_turns import STEPS, turn_cells

SIZE = 6
COINS = np.array(list(np.ndindex(2, 2, 2))).astype(bool)
FLOW = 4  # the mask's planes come before


def _cell():
    """A vector field towards a middle that is no symmetry's, as Cellpose's, and where it leads."""
    rows, columns = np.mgrid[:SIZE, :SIZE].astype(np.float32)
    flow = np.stack([1.0 - rows, 3.5 - columns, rows], axis=-1) / 2
    mask = np.zeros((SIZE, SIZE, 4), np.float32)
    mask[1, 3:5, 0] = 1
    planes = np.concatenate([mask, flow_planes(tf.constant(flow))], axis=-1)
    return (planes * STEPS).round().astype(np.uint8)


@pytest.fixture
def turned():
    return turn_cells(np.stack([_cell()] * 8), COINS, FLOW)


def test_flows_lead_to_the_same_place_of_the_cell_however_it_is_turned(turned):
    seen = set()
    for cell in turned:
        rows, columns = np.nonzero(cell[..., 0])
        middle = rows.mean(), columns.mean()
        flow = (cell[..., FLOW : FLOW + 2] / STEPS - 0.5) * 20
        for ends, at in zip(np.moveaxis(flow, -1, 0) + np.mgrid[:SIZE, :SIZE], middle, strict=True):
            np.testing.assert_allclose(ends, at, atol=0.05)  # half a step
        seen.add((*middle, np.ptp(rows)))
    assert len(seen) == 8


def test_other_planes_turn_alike_and_keep_their_values(turned):
    for cell in turned:
        for plane in (6, 7):
            np.testing.assert_array_equal(
                np.sort(cell[..., plane].ravel()), np.sort(_cell()[..., plane].ravel())
            )


def test_no_flow_stays_no_flow():
    still = np.full((8, 2, 2, 3), STEPS // 2, np.uint8)
    np.testing.assert_array_equal(turn_cells(still, COINS, 0), still)


def test_without_a_coin_a_cell_stays_and_without_flow_no_plane_is_reversed():
    cell = np.arange(18, dtype=np.uint8).reshape(1, 3, 3, 2)
    np.testing.assert_array_equal(turn_cells(cell, COINS[:1], 0), cell)
    np.testing.assert_array_equal(turn_cells(cell, COINS[4:5])[0], cell[0, ::-1])
    np.testing.assert_array_equal(turn_cells(cell, COINS[2:3])[0], cell[0, :, ::-1])
    np.testing.assert_array_equal(turn_cells(cell, COINS[1:2])[0], cell[0].transpose(1, 0, 2))
    np.testing.assert_array_equal(
        turn_cells(cell, COINS[7:])[0], cell[0, ::-1, ::-1].transpose(1, 0, 2)
    )
