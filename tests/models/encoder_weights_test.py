import keras
import numpy as np
import pytest

from cellscreen.errors import ConfigError
from cellscreen.models import crop_backbones
from cellscreen.models.bag_config import BagNetConfig
from cellscreen.models.bag_nets import build_bag_net, split_bag_net
from cellscreen.models.crop_encoders import build_crop_encoder
from cellscreen.models.encoder_weights import adapt_channels, copy_weights, load_rgb, save_encoder

SIZE = 8
GREY = np.random.default_rng(0).random((3, SIZE, SIZE, 1)).astype(np.float32)
ALL = np.ones(3, bool)


def _config(**fields):
    return BagNetConfig(
        **{"encoder": "small", "encoder_width": 4, "set_head": "mean", "embedding_units": 6}
        | fields
    )


def _trained(net):
    """Weights as of a trained net: none is at its start."""
    generator = np.random.default_rng(1)
    for weight in net.weights:
        weight.assign(generator.uniform(0.5, 1.5, weight.shape) * 0.2)
    return net


@pytest.fixture
def rgb_file(tmp_path):
    """A small net's weights for RGB, as Keras writes them."""
    net = _trained(crop_backbones.small(SIZE, 3, width=4))
    net.save_weights(tmp_path / "rgb.weights.h5")
    return net, str(tmp_path / "rgb.weights.h5")


def _layers(net, kind):
    return [layer for layer in net.layers if isinstance(layer, kind)]


def _features(encoder, crops):
    """What the projection takes in."""
    inner = keras.Model(encoder.inputs, encoder.get_layer("projection").input)
    return np.asarray(inner({"crops": crops, "mask": ALL}))


@pytest.mark.parametrize("channels", [1, 2, 3, 5])
def test_equal_channels_answer_as_grey_rgb_did(rgb_file, channels):
    net, path = rgb_file
    config = _config(encoder_weights=path, weights_input="rgb")
    encoder = build_crop_encoder(config, SIZE, channels)
    expected = np.asarray(net(np.repeat(GREY, 3, axis=-1)))
    crops = np.repeat(GREY, channels, axis=-1)
    np.testing.assert_allclose(_features(encoder, crops), expected, rtol=2e-4)


def test_kernels_are_the_mean_of_rgbs_times_3_by_n(rgb_file):
    net, path = rgb_file
    encoder = build_crop_encoder(_config(encoder_weights=path, weights_input="rgb"), SIZE, 2)
    kernel, ours = (np.asarray(_layers(n, keras.layers.Conv2D)[0].kernel) for n in (net, encoder))
    for channel in range(2):
        expected = kernel.mean(axis=2) * 3 / 2
        np.testing.assert_allclose(ours[:, :, channel], expected, rtol=1e-6)


def test_rgb_itself_is_taken_as_it_is(rgb_file):
    net, path = rgb_file
    encoder = build_crop_encoder(_config(encoder_weights=path, weights_input="rgb"), SIZE, 3)
    crops = np.random.default_rng(2).random((3, SIZE, SIZE, 3)).astype(np.float32)
    np.testing.assert_allclose(_features(encoder, crops), net(crops), rtol=1e-5)


def test_old_files_of_keras_applications_are_read(rgb_file, tmp_path):
    net, _ = rgb_file
    # The format that Keras' applications are published in: layers in order, without a config.
    net.save(tmp_path / "notop.h5")
    config = _config(encoder_weights=str(tmp_path / "notop.h5"), weights_input="rgb")
    encoder = build_crop_encoder(config, SIZE, 1)
    expected = np.asarray(net(np.repeat(GREY, 3, axis=-1)))
    np.testing.assert_allclose(_features(encoder, GREY), expected, rtol=2e-4)


def test_group_normalisation_takes_scale_and_offset_and_no_statistics(rgb_file):
    net, path = rgb_file
    config = _config(encoder_weights=path, weights_input="rgb", norm="group")
    encoder = build_crop_encoder(config, SIZE, 3)
    theirs = _layers(net, keras.layers.BatchNormalization)
    replaced = _layers(encoder, keras.layers.GroupNormalization)
    for norm, ours in zip(theirs, replaced, strict=True):
        np.testing.assert_array_equal(ours.gamma, norm.gamma)
        np.testing.assert_array_equal(ours.beta, norm.beta)
        assert len(ours.weights) == 2


def _normalising(size, channels):
    crops = keras.Input((size, size, channels))
    x = keras.layers.Normalization(axis=-1, name="input_norm")(crops)
    return keras.Model(crops, keras.layers.Conv2D(2, 3, name="conv")(x))


def test_statistics_of_the_input_are_averaged_over_rgb():
    source, target = _normalising(SIZE, 3), _normalising(SIZE, 2)
    source.get_layer("input_norm").adapt_mean.assign([0.1, 0.2, 0.6])
    source.get_layer("input_norm").adapt_variance.assign([1.0, 2.0, 6.0])
    adapt_channels(source, target)
    np.testing.assert_allclose(target.get_layer("input_norm").adapt_mean, [0.3, 0.3], rtol=1e-6)
    np.testing.assert_allclose(target.get_layer("input_norm").adapt_variance, [3, 3], rtol=1e-6)


def test_statistics_of_the_input_reach_the_encoder():
    def backbone(size, channels):
        net = _normalising(size, channels)
        net.get_layer("input_norm").adapt_mean.assign([0.5])
        net.get_layer("input_norm").adapt_variance.assign([0.25])
        return net

    encoder = build_crop_encoder(_config(encoder_width=0), SIZE, 1, backbone)
    for training in (True, False):
        inner = keras.Model(encoder.inputs, encoder.get_layer("input_norm").output)
        out = inner({"crops": GREY, "mask": ALL}, training=training)
        np.testing.assert_allclose(out, (GREY - 0.5) / 0.5, atol=1e-5)
    assert not encoder.get_layer("input_norm").trainable_weights


def test_saved_encoder_starts_another_net(tmp_path):
    net = build_bag_net(_config(), SIZE, ("a", "b"), 2)
    _trained(net)
    save_encoder(net, tmp_path / "encoder.weights.h5")
    assert [path.name for path in tmp_path.iterdir()] == ["encoder.weights.h5"]
    config = _config(
        set_head="vote", norm="frozen", encoder_weights=str(tmp_path / "encoder.weights.h5")
    )
    other = build_bag_net(config, SIZE, ("c", "d"), 4)
    crops = np.repeat(GREY, 2, axis=-1)
    expected, found = (np.asarray(split_bag_net(n)[0](crops)) for n in (net, other))
    np.testing.assert_allclose(found, expected, rtol=1e-5)


def test_encoder_is_saved_under_one_ending_only(tmp_path):
    net = build_bag_net(_config(), SIZE, ("a",), 2)
    with pytest.raises(ConfigError, match=r"Expected a name that ends in .weights.h5.*enc.h5"):
        save_encoder(net, tmp_path / "enc.h5")


@pytest.mark.filterwarnings("ignore:Skipping nested container")  # Keras', before its error
@pytest.mark.parametrize("weights_input", ["same", "rgb"])
def test_file_of_another_net_is_refused(rgb_file, weights_input):
    _, path = rgb_file
    config = _config(encoder_width=8, encoder_weights=path, weights_input=weights_input)
    with pytest.raises(ConfigError, match=r"Expected weights of the enc.*\(3, 3, 3, 4\).*rgb.wei"):
        build_crop_encoder(config, SIZE, 3)


def test_missing_file(tmp_path):
    config = _config(encoder_weights=str(tmp_path / "none.weights.h5"))
    with pytest.raises(ConfigError, match=r"Expected a file of weights; there is none.*none.weig"):
        build_crop_encoder(config, SIZE, 3)


def test_efficientnets_kernels_get_the_division_that_its_weights_were_trained_behind(tmp_path):
    def make():
        crops = keras.Input((SIZE, SIZE, 3))
        x = keras.layers.Conv2D(2, 3, use_bias=False, name="stem_conv")(crops)
        return keras.Model(crops, x, name="efficientnetb0")

    theirs, ours = make(), make()
    theirs.save_weights(tmp_path / "net.weights.h5")
    load_rgb(ours, tmp_path / "net.weights.h5")
    crops = np.random.default_rng(3).random((1, SIZE, SIZE, 3)).astype(np.float32)
    divided = crops / np.sqrt([0.229, 0.224, 0.225])
    np.testing.assert_allclose(ours(crops), theirs(divided), rtol=1e-4, atol=1e-5)


def test_copying_leaves_what_the_source_does_not_have():
    source = crop_backbones.small(SIZE, 1, width=2)
    target = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3, name="projection")])
    before = np.asarray(target.layers[0].kernel)
    copy_weights(source, target)
    np.testing.assert_array_equal(target.layers[0].kernel, before)
