import numpy as np
import tensorflow as tf

from cellscreen.pipelines.cell_planes import flow_planes
from cellscreen.pipelines.cell_turns import turn_cell

SIZE = 6


def _crops():
    """A vector field towards a middle that is no symmetry's, as Cellpose's, and where it leads."""
    rows, columns = np.mgrid[:SIZE, :SIZE].astype(np.float32)
    flow = np.stack([1.0 - rows, 3.5 - columns, rows], axis=-1) / 2
    mask = np.zeros((SIZE, SIZE, 4), np.float32)
    mask[1, 3:5, 0] = 1
    return {"mask": tf.constant(mask), "flow": flow_planes(tf.constant(flow))}


def _turned(n):
    return turn_cell(_crops(), tf.constant([7, n], tf.int64))


def _ends(crops):
    """Where the flow of every pixel leads."""
    rows, columns = np.mgrid[:SIZE, :SIZE]
    flow = (crops["flow"].numpy() - 0.5) * 20
    return rows + flow[..., 0], columns + flow[..., 1]


def test_flows_lead_to_the_same_place_of_the_cell_however_it_is_turned():
    seen = set()
    for n in range(64):
        turned = _turned(n)
        rows, columns = np.nonzero(turned["mask"].numpy()[..., 0])
        middle = rows.mean(), columns.mean()
        for ends, at in zip(_ends(turned), middle, strict=True):
            np.testing.assert_allclose(ends, at, atol=1e-5)
        seen.add((*middle, np.ptp(rows)))
    assert len(seen) == 8


def test_branches_turn_together_and_lengths_stay():
    for n in range(16):
        turned = _turned(n)
        for plane in (2, 3):
            before, after = (c["flow"].numpy()[..., plane] for c in (_crops(), turned))
            np.testing.assert_allclose(np.sort(after.ravel()), np.sort(before.ravel()))


def test_turns_follow_from_the_seed_eagerly_and_in_a_dataset():
    seeds = tf.data.Dataset.range(8).map(lambda n: turn_cell(_crops(), tf.stack([7, n])))
    for n, mapped in enumerate(seeds):
        for name, planes in _turned(n).items():
            np.testing.assert_array_equal(mapped[name], planes)
