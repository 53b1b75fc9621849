import numpy as np
import pytest
import tensorflow as tf

from cellscreen.cells.crops import crop_cells
from cellscreen.serving.bags.crop_graph import cut_crops


def cut(field, centres, size):
    spec = [
        tf.TensorSpec((None, None, field.shape[-1]), field.dtype),
        tf.TensorSpec((None, 2), tf.float64),
    ]
    in_graph = tf.function(lambda f, c: cut_crops(f, c, size), input_signature=spec)
    return in_graph(tf.constant(field), tf.constant(centres, tf.float64)).numpy()


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("size", [1, 2, 5, 8, 40])
def test_crops_are_those_of_the_records(dtype, size):
    generator = np.random.default_rng(0)
    planes = generator.integers(0, np.iinfo(dtype).max, (3, 20, 31)).astype(dtype)
    inside = generator.uniform((0, 0), (30, 19), (50, 2))
    corners = [(0, 0), (30, 0), (0, 19), (30, 19), (-0.5, -0.5), (30.49, 19.49)]
    halves = [(2.5, 3.5), (10.5, 7.5), (2.4999999999, 3.5000000001)]
    centres = np.concatenate([inside, corners, halves])
    expected = crop_cells(planes, centres, size).pixels
    found = cut(np.moveaxis(planes, 0, -1), centres, size)
    assert found.dtype == dtype
    np.testing.assert_array_equal(found, expected)


def test_a_field_without_cells_gives_no_crops():
    assert cut(np.zeros((9, 7, 2), np.uint8), np.zeros((0, 2)), 4).shape == (0, 4, 4, 2)


@pytest.mark.parametrize("centre", [(-0.6, 0), (6.5, 0), (0, 8.5), (np.nan, 1), (1, np.inf)])
def test_a_centre_outside_the_field_is_refused(centre):
    with pytest.raises(tf.errors.InvalidArgumentError, match="Expected centres within the field"):
        cut(np.zeros((9, 7, 2), np.uint8), [centre], 4)
