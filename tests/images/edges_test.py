import numpy as np
import pytest

from cellscreen.errors import ImageError
from cellscreen.images.edges import edge_map, pack_edges, unpack_edges


def _step(*heights, width=12):
    """Vertical steps in the middle, a height for each third of the rows."""
    image = np.zeros((10 * len(heights), width), np.uint8)
    for number, height in enumerate(heights):
        image[10 * number : 10 * number + 10, width // 2 :] = height
    return image


def test_a_step_has_one_edge_one_pixel_wide():
    edges = edge_map(_step(200))
    assert edges.dtype == np.uint8
    assert edges.tolist() == [[0] * 5 + [1] + [0] * 6] * 10


@pytest.mark.parametrize(("height", "edges"), [(20, 0), (21, 10)])
def test_the_high_threshold_is_strict(height, edges):
    # A step of 20 is 0 5 15 20 when blurred: the gradient is 4 · 15, exactly 60.
    assert edge_map(_step(height)).sum() == edges


@pytest.mark.parametrize(("height", "last_rows"), [(7, 0), (8, 8)])
def test_the_low_threshold_is_strict_and_edges_grow_from_strong_ones(height, last_rows):
    # A step of 7 is 0 2 5 7 when blurred: exactly 20. Two rows at the joint see both steps.
    assert edge_map(_step(height)).sum() == 0
    assert edge_map(_step(21, height))[12:].sum() == last_rows


@pytest.mark.parametrize("shape", [(1, 1), (1, 7), (7, 1), (40, 30)])
def test_a_constant_has_no_edge(shape):
    assert not edge_map(np.full(shape, 130, np.uint8)).any()


@pytest.mark.parametrize(
    "image",
    [np.zeros((4, 4), np.uint16), np.zeros((4, 4, 3), np.uint8), np.zeros((0, 4), np.uint8)],
)
def test_only_gray_8_bit_pixels_are_taken(image):
    with pytest.raises(
        ImageError, match=r"Expected a gray image .* of uint8; got \(\d, 4.*to_uint8"
    ):
        edge_map(image)


def test_packing_pads_rows_to_whole_bytes():
    edges = np.array([[1, 0, 0, 0, 0, 0, 0, 1, 1], [0, 1, 0, 0, 0, 0, 0, 0, 0]], np.uint8)
    packed = pack_edges(edges)
    assert packed == bytes([0b10000001, 0b10000000, 0b01000000, 0])
    assert unpack_edges(packed, 2, 9).tolist() == edges.tolist()


@pytest.mark.parametrize("shape", [(1, 1), (1, 7), (5, 8), (3, 65)])
def test_unpacking_gives_back_what_was_packed(shape):
    edges = np.random.default_rng(0).integers(0, 2, shape).astype(np.uint8)
    assert (unpack_edges(pack_edges(edges), *shape) == edges).all()


def test_bytes_of_another_size_are_refused():
    with pytest.raises(ImageError, match="Expected 4 bytes of a 9×2 edge map; got 3"):
        unpack_edges(b"abc", 2, 9)
