import cv2
import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from cellscreen.images import edges, gray, in_graph, reading, scale

ALL_16_BIT = np.arange(65536, dtype=np.uint16)
SCALES = [(0, 255), (0, 4095), (0, 65535), (0, 1), (65534, 65535), (17, 4711), (100, 40000)]


@pytest.mark.parametrize(("low", "high"), SCALES)
def test_the_scale_equals_numpys_on_every_value(low, high):
    graph = tf.function(in_graph.to_uint8)
    expected = scale.to_uint8(ALL_16_BIT, low, high)
    clipped = [min(max(value, low), high) - low for value in range(65536)]
    by_hand = [(value * 510 + high - low) // (2 * (high - low)) for value in clipped]
    assert expected.tolist() == by_hand
    for scaled in (
        in_graph.to_uint8(ALL_16_BIT, low, high),
        graph(ALL_16_BIT, tf.constant(low), tf.constant(high)),
    ):
        assert scaled.dtype == tf.uint8
        np.testing.assert_array_equal(scaled, expected)


def test_the_default_of_8_bits_is_the_identity():
    values = np.arange(256, dtype=np.uint8)
    np.testing.assert_array_equal(in_graph.to_uint8(values, 0, 255), values)


@pytest.mark.parametrize(("low", "high"), [(5, 5), (6, 5), (-1, 5), (0, 65536)])
def test_a_scale_that_cannot_work_is_refused(low, high):
    scaled = tf.function(in_graph.to_uint8)
    with pytest.raises(tf.errors.InvalidArgumentError, match="0 <= low < high <= 65535; got"):
        scaled(ALL_16_BIT, tf.constant(low), tf.constant(high))


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_gray_equals_opencvs(dtype):
    highest = np.iinfo(dtype).max
    rgb = np.random.default_rng(0).integers(0, highest + 1, (201, 203, 3)).astype(dtype)
    rgb[0, :3] = (0, 0, 0), (highest, highest, highest), (highest, 0, highest)
    mixed = in_graph.to_gray(tf.constant(rgb))
    assert mixed.dtype == dtype
    np.testing.assert_array_equal(mixed, gray.to_gray(rgb))
    np.testing.assert_array_equal(in_graph.to_gray(tf.constant(rgb[..., :1])), rgb[..., 0])


def test_pngs_are_decoded_as_the_reader_does(pngs):
    for name, (data, pixels) in pngs.items():
        decoded = in_graph.decode_image(data)
        assert decoded.dtype == tf.uint16, name
        assert decoded.shape[-1] in (1, 3), name
        # A palette of grays comes out in colour here and is gray after the next step.
        np.testing.assert_array_equal(in_graph.to_gray(decoded), gray.to_gray(pixels), name)
        if pixels.ndim == 3:
            np.testing.assert_array_equal(decoded, pixels, name)


def test_jpegs_are_decoded_as_the_reader_does(jpegs):
    for name, data in jpegs.items():
        decoded = in_graph.decode_image(data)
        pixels = reading.decode_image(data)
        np.testing.assert_array_equal(
            decoded[..., 0] if pixels.ndim == 2 else decoded, pixels, name
        )


def test_from_bytes_to_edges_in_a_saved_model(pngs, jpegs, tmp_path):
    def serve(data, low, high):
        pixels = in_graph.to_gray(in_graph.decode_image(data))
        return in_graph.edge_map(in_graph.to_uint8(pixels, low, high))

    scalar = tf.TensorSpec((), tf.int32)
    module = tf.Module()
    module.serve = tf.function(serve, input_signature=[tf.TensorSpec((), tf.string)] + [scalar] * 2)
    tf.saved_model.save(module, tmp_path)
    loaded = tf.saved_model.load(tmp_path).serve
    for data in [file for file, _ in pngs.values()] + list(jpegs.values()):
        raw = gray.to_gray(reading.decode_image(data))
        low, high = scale.full_range(8 * raw.itemsize)
        expected = edges.edge_map(scale.to_uint8(raw, low, high))
        assert expected.any()
        np.testing.assert_array_equal(loaded(data, low, high), expected)


def test_from_bytes_in_a_dataset(pngs):
    files = [pngs["rgb"][0], pngs["gray of 16 bits"][0]]
    decoded = tf.data.Dataset.from_tensor_slices(files).map(in_graph.decode_image)
    for pixels, data in zip(decoded, files, strict=True):
        np.testing.assert_array_equal(np.squeeze(pixels), reading.decode_image(data))


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"II*\0\x08\0\0\0", "Expected a PNG or JPEG file"),
        (b"nothing of the kind, but long enough", "Expected a PNG or JPEG file"),
        (b"", "Expected a PNG or JPEG file"),
    ],
)
def test_other_bytes_are_refused(data, message):
    with pytest.raises(tf.errors.InvalidArgumentError, match=message):
        tf.function(in_graph.decode_image)(data)


def test_cut_files_are_refused(pngs, jpegs):
    decode = tf.function(in_graph.decode_image, input_signature=[tf.TensorSpec((), tf.string)])
    for data in (pngs["gray"][0], pngs["gray of 16 bits"][0], jpegs["gray"], jpegs["progressive"]):
        for cut in (9, 22, 40, len(data) // 2, len(data) - 20, len(data) - 1):
            with pytest.raises(tf.errors.InvalidArgumentError):
                decode(data[:cut])


def test_a_huge_promise_is_refused_by_the_header(pngs, jpegs):
    decode = tf.function(in_graph.decode_image, input_signature=[tf.TensorSpec((), tf.string)])
    side = (60_000).to_bytes(4, "big")
    png = pngs["gray"][0]
    jpeg = jpegs["gray"]
    frame = jpeg.index(b"\xff\xc0") + 5
    for data in (
        png[:16] + side + side + png[24:],
        jpeg[:frame] + side[2:] + side[2:] + jpeg[frame + 4 :],
    ):
        with pytest.raises(tf.errors.InvalidArgumentError, match="image of 1 to 268435456 pixels"):
            decode(data)


def test_a_cmyk_jpeg_is_refused(tmp_path):
    Image.new("CMYK", (8, 8)).save(tmp_path / "a.jpg")
    with pytest.raises(tf.errors.InvalidArgumentError, match="Expected a gray or RGB JPEG"):
        in_graph.decode_image((tmp_path / "a.jpg").read_bytes())


@pytest.mark.parametrize("shape", [(1, 1), (1, 7), (5, 8), (3, 65), (201, 203)])
def test_unpacking_equals_numpys(shape):
    edge_map = np.random.default_rng(0).integers(0, 2, shape).astype(np.uint8)
    graph = tf.function(in_graph.unpack_edges)
    unpacked = graph(edges.pack_edges(edge_map), *map(tf.constant, shape))
    assert unpacked.dtype == tf.uint8
    np.testing.assert_array_equal(unpacked, edge_map)


def _map(height, width):
    edge_map = np.random.default_rng(0).integers(0, 2, (height, width, 1))
    return edge_map.astype(np.float32)


def test_reducing_by_a_factor_takes_means_and_drops_the_rest():
    edge_map = np.array([[1, 0, 1, 1, 1], [0, 0, 1, 1, 1], [1, 1, 1, 1, 1]], np.float32)[..., None]
    assert in_graph.reduce_edges(edge_map, 2, None)[..., 0].numpy().tolist() == [[0.25, 1.0]]


def test_reducing_to_a_size_takes_means_over_areas():
    reduced = in_graph.reduce_edges(_map(90, 60), 1, 30)
    expected = cv2.resize(_map(90, 60)[..., 0], (30, 30), interpolation=cv2.INTER_AREA)
    np.testing.assert_allclose(reduced[..., 0], expected, atol=1e-6)


def test_a_map_of_the_right_size_is_not_touched():
    edge_map = _map(32, 32)
    np.testing.assert_array_equal(in_graph.reduce_edges(edge_map, 1, 32), edge_map)
    pooled = in_graph.reduce_edges(_map(65, 64), 2, None)
    np.testing.assert_array_equal(in_graph.reduce_edges(_map(65, 64), 2, 32), pooled)


def test_a_batch_is_reduced_like_its_maps_one_by_one():
    @tf.function(input_signature=[tf.TensorSpec((None, None, None, 1))])
    def reduce(batch):
        return in_graph.reduce_edges(batch, 2, 16)

    batch = np.stack([_map(70, 50), _map(70, 50)[::-1]])
    one_by_one = [in_graph.reduce_edges(edge_map, 2, 16) for edge_map in batch]
    np.testing.assert_array_equal(reduce(batch), one_by_one)
    assert reduce(batch).shape == (2, 16, 16, 1)
