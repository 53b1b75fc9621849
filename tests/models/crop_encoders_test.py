import typing

import keras
import numpy as np
import pytest

from cellscreen.errors import ConfigError
from cellscreen.models import crop_backbones
from cellscreen.models.bag_config import BagNetConfig
from cellscreen.models.crop_encoders import BACKBONES, build_crop_encoder
from cellscreen.models.crop_normalization import CropNormalization

SIZE = 16
CROPS = np.random.default_rng(0).random((5, SIZE, SIZE, 2)).astype(np.float32)
ALL = np.ones(5, bool)
PROJECTION = 6


def _encoder(encoder="small", norm="batch", backbone=None, **fields):
    keras.utils.set_random_seed(0)
    config = BagNetConfig(
        encoder=encoder,
        encoder_width=0 if backbone else 4,
        norm=norm,
        embedding_units=PROJECTION,
        heads=1,
        **fields,
    )
    return build_crop_encoder(config, SIZE, 2, backbone)


def _layers(model, kind):
    return [layer for layer in model.layers if isinstance(layer, kind)]


def _statistics(model):
    return [np.asarray(weight) for weight in model.non_trainable_weights]


def _own_backbone(size, channels):
    """A net as a user may bring it: a map as its answer, a bias, a normalisation without scale."""
    crops = keras.Input((size, size, channels))
    x = keras.layers.Conv2D(6, 3, strides=2)(crops)
    x = keras.layers.BatchNormalization(scale=False, epsilon=0.01)(x)
    return keras.Model(crops, keras.layers.SpatialDropout2D(0.5)(keras.activations.relu(x)))


def test_the_mapping_has_the_encoders_that_the_config_allows():
    assert tuple(BACKBONES) == typing.get_args(typing.get_type_hints(BagNetConfig)["encoder"])
    assert set(crop_backbones.SMALLEST_CROP) == set(BACKBONES)


def test_resnet18_has_the_parameters_of_its_paper():
    # 11,689,512 with the classifier of 1,000 classes, as every framework counts them.
    net = crop_backbones.resnet18(96, 3)
    trainable = sum(np.prod(weight.shape) for weight in net.trainable_weights)
    assert trainable == 11_689_512 - 513_000
    maps = [layer.output.shape[1] for layer in _layers(net, keras.layers.Conv2D)]
    assert maps[0] == 48
    assert maps[-1] == 3


@pytest.mark.parametrize(
    ("encoder", "parameters"),
    [
        ("small", 864 + 18_432 + 73_728 + 294_912 + 4 * (32 + 64 + 128 + 256)),
        ("resnet18", 11_689_512 - 513_000 + 9_600),  # and the moving statistics
    ],
)
def test_default_widths(encoder, parameters):
    net = BACKBONES[encoder](SIZE, 3)
    assert net.output_shape == (None, {"small": 256, "resnet18": 512}[encoder])
    assert net.count_params() == parameters


def test_width_reaches_the_net():
    conv = _layers(_encoder(), keras.layers.Conv2D)
    assert [layer.filters for layer in conv] == [4, 8, 16, 32]
    assert _layers(_encoder("resnet18"), keras.layers.Conv2D)[0].filters == 4


@pytest.mark.parametrize("norm", ["batch", "group", "layer"])
def test_every_batch_normalisation_is_replaced(norm):
    encoder = _encoder(norm=norm, norm_groups=8, norm_momentum=0.7)
    assert not _layers(encoder, keras.layers.BatchNormalization)
    ours = _layers(encoder, CropNormalization)
    groups = [layer.groups for layer in _layers(encoder, keras.layers.GroupNormalization)]
    assert groups == {"batch": [], "group": [4, 8, 8, 8], "layer": [1] * 4}[norm]
    assert {layer.momentum for layer in ours} == ({0.7} if norm == "batch" else set())


def test_padded_crops_do_not_enter_the_statistics():
    plain, padded = _encoder(), _encoder()
    plain({"crops": CROPS, "mask": ALL}, training=True)
    filled = np.concatenate([CROPS, np.full_like(CROPS, 9)])
    answer = padded({"crops": filled, "mask": np.repeat([True, False], 5)}, training=True)
    for ours, expected in zip(_statistics(padded), _statistics(plain), strict=True):
        np.testing.assert_allclose(ours, expected, rtol=1e-5, atol=1e-7)
    # That mattered: without the mask they would have.
    careless = _encoder()
    careless({"crops": filled, "mask": np.ones(10, bool)}, training=True)
    assert not np.allclose(_statistics(careless)[0], _statistics(plain)[0], rtol=0.1)
    assert answer.shape == (10, PROJECTION)


@pytest.mark.parametrize("norm", ["group", "layer"])
def test_other_crops_do_not_matter_without_batch_statistics(norm):
    encoder = _encoder(norm=norm)
    whole = np.asarray(encoder({"crops": CROPS, "mask": ALL}, training=True))
    alone = np.asarray(encoder({"crops": CROPS[:1], "mask": ALL[:1]}, training=True))
    np.testing.assert_allclose(alone[0], whole[0], atol=1e-4)


def test_own_backbone_is_taken_whole():
    made = []

    def backbone(size, channels):
        made.append(_own_backbone(size, channels))
        made[-1].layers[2].moving_mean.assign(np.arange(6))
        return made[-1]

    encoder = _encoder(backbone=backbone, norm="frozen")
    norm = _layers(encoder, CropNormalization)[0]
    assert norm.epsilon == 0.01
    assert norm.frozen
    features = np.asarray(made[0](CROPS)).mean(axis=(1, 2))
    projection = encoder.get_layer("projection")
    expected = features @ np.asarray(projection.kernel)
    np.testing.assert_allclose(encoder({"crops": CROPS, "mask": ALL}), expected, atol=1e-5)


def test_sequential_backbone_is_taken():
    def backbone(size, channels):
        return keras.Sequential(
            [
                keras.Input((size, size, channels)),
                keras.layers.Conv2D(3, 3),
                keras.layers.BatchNormalization(),
                keras.layers.GlobalMaxPooling2D(),
            ]
        )

    assert len(_layers(_encoder(backbone=backbone), CropNormalization)) == 1


def _nested(size, channels):
    crops = keras.Input((size, size, channels))
    return keras.Model(crops, _own_backbone(size, channels)(crops))


def _channels_first(size, channels):
    crops = keras.Input((size, size, channels))
    return keras.Model(crops, keras.layers.BatchNormalization(axis=1)(crops))


def _tokens(size, channels):
    crops = keras.Input((size, size, channels))
    return keras.Model(crops, keras.layers.Reshape((-1, channels))(crops))


class _Subclass(keras.Model):
    def call(self, crops):
        return crops


@pytest.mark.parametrize(
    ("backbone", "message"),
    [
        (_nested, "Expected a backbone without nested models; its layer functional"),
        (_channels_first, "Expected batch normalisation over the last axis; batch.* has 1"),
        (_tokens, r"Expected a backbone that answers .* got the shape \(None, 256, 2\)"),
        (lambda *_: _Subclass(), "Expected a functional model as backbone; got _Subclass"),
    ],
)
def test_backbones_that_cannot_be_taken(backbone, message):
    with pytest.raises(ConfigError, match=message):
        _encoder(backbone=backbone)


def test_crops_too_small():
    with pytest.raises(ConfigError, match="Expected crops of 16 px or more for resnet18; got 12"):
        build_crop_encoder(BagNetConfig(), 12, 3)


def test_frozen_statistics_must_come_from_somewhere():
    with pytest.raises(ConfigError, match="Expected encoder_weights, a file, beside norm=frozen"):
        _encoder(norm="frozen")
