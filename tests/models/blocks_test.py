import keras
import numpy as np
import pytest

from cellscreen.errors import ConfigError
from cellscreen.models import blocks
from cellscreen.models.dense_attention import dense_attention_module
from cellscreen.models.net_config import NetConfig

BN_SCALE = np.sqrt(1 + 1e-3)  # of fresh batch normalisation at inference: variance 1, epsilon 1e-3


def _model(block, shape):
    x = keras.Input(shape)
    return keras.Model(x, block(x))


def _sigmoid(x):
    return 1 / (1 + np.exp(-x))


def _set(model, **weights):
    """Sets weights by kind and number of their layer: `dense_0=(kernel, bias)`."""
    kinds = {"dense": keras.layers.Dense, "conv": keras.layers.Conv2D}
    for name, values in weights.items():
        kind, number = name.split("_")
        found = [layer for layer in model.layers if isinstance(layer, kinds[kind])]
        found[int(number)].set_weights([np.asarray(value, np.float32) for value in values])


def _noise(*shape):
    return np.random.default_rng(0).normal(size=shape).astype(np.float32)


def test_channel_attention_by_hand():
    model = _model(lambda x: blocks.channel_attention(x, reduction=2), (2, 2, 2))
    _set(model, dense_0=([[1], [0]], [0.5]), dense_1=([[1, -2]], [0, 0.25]))
    image = np.array([[[[0, 9], [1, 9]], [[2, 9], [5, 9]]]], np.float32)
    hidden = (2 + 0.5) + (
        5 + 0.5
    )  # the mean of channel 0 is 2, its maximum 5; channel 1 has weight 0
    gates = _sigmoid(np.array([hidden, -2 * hidden + 2 * 0.25]))
    np.testing.assert_allclose(model(image), image * gates, rtol=1e-5)


def test_channel_attention_has_one_perceptron_for_both_poolings():
    model = _model(lambda x: blocks.channel_attention(x, reduction=4), (5, 5, 8))
    assert model.count_params() == (8 * 2 + 2) + (2 * 8 + 8)
    dense = [layer for layer in model.layers if isinstance(layer, keras.layers.Dense)]
    assert [len(layer._inbound_nodes) for layer in dense] == [2, 2]


def test_channel_attention_keeps_a_hidden_unit_however_large_the_reduction():
    model = _model(lambda x: blocks.channel_attention(x, reduction=1000), (5, 5, 3))
    assert model.count_params() == (3 * 1 + 1) + (1 * 3 + 3)


def test_spatial_attention_by_hand():
    model = _model(blocks.spatial_attention, (1, 2, 2))
    _set(model, conv_0=(np.reshape([0.5, -1], (1, 1, 2, 1)), [0.25]))
    image = np.array([[[[1, 3], [-4, 0]]]], np.float32)  # means 2 and -2, maxima 3 and 0
    gates = _sigmoid(np.array([0.5 * 2 - 3 + 0.25, 0.5 * -2 - 0 + 0.25]))
    np.testing.assert_allclose(model(image), image * gates[:, None], rtol=1e-5)


@pytest.mark.parametrize(
    "block", [blocks.spatial_attention, lambda x: blocks.channel_attention(x, 2)]
)
def test_gates_lie_between_0_and_1(block):
    image = _noise(3, 7, 7, 4)
    gates = np.asarray(_model(block, (7, 7, 4))(image)) / image
    assert gates.min() > 0
    assert gates.max() < 1


def test_bottleneck_by_hand():
    model = _model(lambda x: blocks.bottleneck(x, 1), (2, 3, 2))
    _set(model, conv_0=(np.reshape([1, 10], (1, 1, 2, 1)), [0.5]))
    image = np.array([[[[1, 0], [2, 0], [3, 1]], [[4, 0], [5, 0], [6, 0]]]], np.float32)
    expected = [[[[(1 + 2 + 4 + 5) / 4 + 0.5], [(3 + 10 + 6) / 2 + 0.5]]]]
    np.testing.assert_allclose(model(image), expected, rtol=1e-6)


def test_dense_block_keeps_its_input_and_adds_growth_channels_a_layer():
    config = NetConfig(growth=3)
    model = _model(lambda x: blocks.dense_block(x, config, n_layers=2), (6, 6, 4))
    image = _noise(2, 6, 6, 4)
    out = np.asarray(model(image))
    assert out.shape == (2, 6, 6, 4 + 2 * 3)
    np.testing.assert_array_equal(out[..., :4], image)
    layer = 4 * 3 + 4 * 3 + 3 * 3 * 3 * 3 + 4 * 3  # 1x1, its normalisation, 3x3, its normalisation
    assert model.count_params() == layer + layer + 3 * 3  # the second layer sees 3 channels more


def test_dense_attention_module_adds_its_input_three_times():
    model = _model(lambda x: dense_attention_module(x, NetConfig(dropout=0.5)), (5, 5, 2))
    _set(
        model,
        conv_0=[np.zeros((1, 1, 2, 2))],
        dense_0=(np.zeros((2, 1)), [0]),
        dense_1=(np.zeros((1, 2)), [0, 0]),
        conv_1=(np.zeros((1, 1, 2, 1)), [0]),
        conv_2=[_identity()],
        conv_3=[_identity()],
    )
    image = np.abs(_noise(2, 5, 5, 2))
    fused = (image + image * 0.5 * 0.5) / BN_SCALE  # two gates of sigmoid(0); 1x1 adds nothing
    np.testing.assert_allclose(model(image), (image + fused) / BN_SCALE, rtol=1e-5)


def _identity():
    """A 3x3 kernel over two channels that changes nothing."""
    kernel = np.zeros((3, 3, 2, 2))
    kernel[1, 1] = np.eye(2)
    return kernel


@pytest.mark.parametrize(("kind", "value"), [("average", 1.5), ("max", 3.0)])
def test_global_pooling(kind, value):
    model = _model(lambda x: blocks.global_pooling(x, NetConfig(global_pooling=kind)), (2, 2, 1))
    assert model(np.arange(4, dtype=np.float32).reshape(1, 2, 2, 1)).numpy() == [[value]]


def test_small_input_and_one_class_are_refused():
    with pytest.raises(ConfigError, match="Expected an input_size of 8 px or more; got 7"):
        blocks.edge_input(7)
    with pytest.raises(ConfigError, match="Expected 2 classes or more; got 1"):
        blocks.probabilities(keras.Input((3,)), 1)
