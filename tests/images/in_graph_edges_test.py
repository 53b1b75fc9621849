"""The graph's edge map against OpenCV's, on every pixel."""

import functools

import cv2
import numpy as np
import pytest
import tensorflow as tf

from cellscreen.images import in_graph
from cellscreen.images.edges import edge_map
from cellscreen.images.scale import full_range, to_uint8

ANY_SIZE = [tf.TensorSpec((None, None), tf.uint8)]
SIZES = [
    *((1, 1), (1, 2), (2, 1), (1, 7), (7, 1), (2, 2), (2, 9), (3, 3), (4, 5)),
    *((1, 130), (130, 1), (63, 64), (64, 63), (65, 66), (128, 64), (129, 200), (300, 257)),
]


@pytest.fixture(scope="module")
def in_a_graph():
    return tf.function(in_graph.edge_map, input_signature=ANY_SIZE)


def _noise(height, width, lowest=0, highest=255):
    generator = np.random.default_rng(height * 1009 + width)
    return generator.integers(lowest, highest + 1, (height, width)).astype(np.uint8)


def _kinds(height, width):
    """Images of one size whose edges are many, few, weak, straight, round, or none."""
    rows, columns = np.indices((height, width))
    noise = _noise(height, width)
    yield "noise", noise
    yield "binary noise", (noise > 127) * np.uint8(255)
    yield "weak noise", noise // 18 + 100
    yield "smooth noise", cv2.GaussianBlur(noise, (0, 0), 2)
    yield "constant", np.full((height, width), 77, np.uint8)
    yield "ramp to the right", (columns * 9 % 256).astype(np.uint8)
    yield "ramp down", (255 - rows * 7 % 256).astype(np.uint8)
    yield "diagonal ramp", ((rows + columns) * 5 % 256).astype(np.uint8)
    yield "other diagonal", ((rows - columns) * 5 % 256).astype(np.uint8)
    yield "rings", (np.hypot(rows - height / 2, columns - width / 2) * 11 % 256).astype(np.uint8)
    yield "checks", ((rows // 3 + columns // 3) % 2 * 200).astype(np.uint8)


def _spiral(size, pitch=8):
    """A path of weak edges as long as fits, strong at its outer end only."""
    image = np.full((size, size), 100, np.uint8)
    left = top = pitch
    right = bottom = size - 1 - pitch
    corners = [(left, top)]
    while min(right - left, bottom - top) > 2 * pitch:
        corners += [(right, top), (right, bottom), (left, bottom), (left, top + pitch)]
        left, top, right, bottom = left + pitch, top + pitch, right - pitch, bottom - pitch
    cv2.polylines(image, [np.array(corners)], False, 112, 3)
    start = image[: 3 * pitch // 2, pitch + 10 : pitch + 50]
    bump = 40 - 2 * np.abs(np.arange(40) - 20)
    start[:] = np.where(start > 100, start + bump, start)
    return image


def _steps(*heights):
    rows = [[0] * 6 + [height] * 6 for height in heights for _ in range(10)]
    return np.array(rows, np.uint8)


@pytest.mark.parametrize("size", SIZES)
def test_all_kinds_of_images_in_all_sizes(in_a_graph, size):
    for kind, image in _kinds(*size):
        np.testing.assert_array_equal(in_a_graph(image), edge_map(image), kind)
        np.testing.assert_array_equal(in_a_graph(image.T), edge_map(image.T.copy()), kind)


@pytest.mark.parametrize("seed", range(3))
def test_many_small_images(in_a_graph, seed):
    generator = np.random.default_rng(seed)
    for _ in range(60):
        lowest, highest = np.sort(generator.integers(0, 256, 2))
        size = generator.integers(1, 40, 2)
        image = generator.integers(lowest, highest + 1, size).astype(np.uint8)
        np.testing.assert_array_equal(in_a_graph(image), edge_map(image))


@pytest.mark.parametrize("size", [(1080, 1080), (1021, 1079)])
def test_full_size(in_a_graph, size):
    noise = cv2.GaussianBlur(_noise(*size), (0, 0), 1.5)
    for image in (noise, _noise(*size, 90, 110)):
        np.testing.assert_array_equal(in_a_graph(image), edge_map(image))


@pytest.mark.parametrize("heights", [(7,), (8,), (20,), (21,), (21, 7), (21, 8), (20, 8)])
def test_gradients_of_exactly_20_and_60_are_on_no_edge(in_a_graph, heights):
    image = _steps(*heights)
    blurred = cv2.GaussianBlur(image, (3, 3), 0)
    slope = cv2.Sobel(blurred, cv2.CV_16S, 1, 0)
    assert slope[5].max() == {7: 20, 8: 24, 20: 60, 21: 64}[heights[0]]
    np.testing.assert_array_equal(in_a_graph(image), edge_map(image))


def test_directions_are_told_apart_as_in_opencv_for_every_gradient():
    x, y = np.arange(1021, dtype=np.float32), np.arange(1021, dtype=np.float32)[:, None]
    whole_x, whole_y = np.arange(1021), np.arange(1021)[:, None]
    flat = whole_y << 15 < 13573 * whole_x
    steep = whole_y << 15 > 13573 * whole_x + (whole_x << 16)
    tan_22, tan_67 = tf.constant(in_graph._TAN_22), tf.constant(in_graph._TAN_67)
    assert tan_22.dtype == tan_67.dtype == tf.float32
    np.testing.assert_array_equal(y < tan_22 * x, flat)
    np.testing.assert_array_equal(y > tan_67 * x, steep)


@pytest.mark.parametrize("size", [96, 130, 384])
def test_a_spiral_is_followed_to_its_end(in_a_graph, size):
    image = _spiral(size)
    expected = edge_map(image)
    assert expected.sum() > size * size // 6
    np.testing.assert_array_equal(in_a_graph(image), expected)


def _traced():
    return tf.function(in_graph.edge_map, input_signature=ANY_SIZE).get_concrete_function()


def test_whatever_dilation_leaves_is_connected_by_labels(monkeypatch):
    monkeypatch.setattr(in_graph, "_ROUNDS", 0)
    by_labels = _traced()
    monkeypatch.setattr(in_graph, "_dilate", lambda edges, weak: (edges, tf.constant(False)))
    not_at_all = _traced()
    for size in ((1, 1), (1, 7), (2, 2), (65, 66), (129, 200)):
        for kind, image in _kinds(*size):
            given = tf.constant(image)
            np.testing.assert_array_equal(by_labels(given), edge_map(image), kind)
            if kind == "noise" and size[0] > 2:
                assert (not_at_all(given).numpy() != edge_map(image)).any()


def test_a_long_path_is_connected_in_a_few_rounds(monkeypatch):
    few_rounds = functools.partial(tf.while_loop, maximum_iterations=30)
    monkeypatch.setattr(in_graph.tf, "while_loop", few_rounds)
    image = _spiral(384)
    assert edge_map(image).sum() > 30_000
    np.testing.assert_array_equal(_traced()(tf.constant(image)), edge_map(image))


@pytest.mark.parametrize("scale", [full_range(16), (5000, 25000), (4000, 40000)])
def test_real_fields(in_a_graph, real_fields, scale):
    assert len(real_fields) == 10
    for name, raw in real_fields.items():
        image = to_uint8(raw, *scale)
        expected = edge_map(image)
        assert expected.mean() > 0.005, name
        np.testing.assert_array_equal(in_a_graph(image), expected, name)


@pytest.fixture(scope="module")
def few():
    return [image for size in ((1, 7), (65, 66)) for _, image in _kinds(*size)] + [_spiral(96)]


def test_eagerly(few):
    for image in few[::4]:
        edges = in_graph.edge_map(tf.constant(image))
        assert edges.dtype == tf.uint8
        np.testing.assert_array_equal(edges, edge_map(image))


def test_in_a_dataset(few):
    images = tf.data.Dataset.from_generator(lambda: iter(few), output_signature=ANY_SIZE[0])
    for image, edges in zip(few, images.map(in_graph.edge_map), strict=True):
        np.testing.assert_array_equal(edges, edge_map(image))


def test_over_a_batch_in_a_saved_model(few, tmp_path):
    module = tf.Module()
    module.serve = tf.function(
        lambda images: tf.map_fn(in_graph.edge_map, images),
        input_signature=[tf.TensorSpec((None, None, None), tf.uint8)],
    )
    tf.saved_model.save(module, tmp_path)
    serve = tf.saved_model.load(tmp_path).serve
    batch = np.stack([image for image in few if image.shape == (65, 66)])
    np.testing.assert_array_equal(serve(batch), [edge_map(image) for image in batch])


@pytest.mark.parametrize("image", [_noise(1, 7), _spiral(96)], ids=["thin", "spiral"])
def test_under_xla(image):
    compiled = tf.function(in_graph.edge_map, jit_compile=True)
    np.testing.assert_array_equal(compiled(image), edge_map(image))


def test_a_known_shape_stays_known():
    traced = tf.function(in_graph.edge_map).get_concrete_function(tf.TensorSpec((30, 40), tf.uint8))
    assert traced.output_shapes == (30, 40)
