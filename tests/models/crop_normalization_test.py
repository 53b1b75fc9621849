import keras
import numpy as np
import pytest

from cellscreen.models.crop_normalization import CropNormalization

# Three crops of 1 x 2 px and one channel; the third is padding.
CROPS = np.array([[[[1.0], [3.0]]], [[[5.0], [7.0]]], [[[100.0], [-900.0]]]], np.float32)
REAL = np.array([True, True, False])


def _statistics(layer):
    return [float(np.asarray(w)[0]) for w in (layer.moving_mean, layer.moving_variance)]


def test_training_normalises_by_the_real_crops_alone():
    layer = CropNormalization(momentum=0.75, epsilon=0.0)
    out = np.asarray(layer(CROPS, REAL, training=True))
    # Of 1, 3, 5 and 7 the mean is 4 and the variance (9 + 1 + 1 + 9) / 4 = 5.
    np.testing.assert_allclose(out[:2].ravel(), np.array([-3, -1, 1, 3]) / np.sqrt(5), rtol=1e-6)
    assert _statistics(layer) == pytest.approx([0.25 * 4, 0.75 + 0.25 * 5])


@pytest.mark.parametrize("padding", [0.0, 1e6, np.nan])
def test_what_is_in_a_padded_crop_does_not_matter(padding):
    crops = np.random.default_rng(0).normal(size=(4, 3, 3, 2)).astype(np.float32)
    plain, padded = CropNormalization(), CropNormalization()
    expected = np.asarray(plain(crops, training=True))
    filled = np.concatenate([crops, np.full_like(crops[:2], padding)])
    out = np.asarray(padded(filled, np.array([True] * 4 + [False] * 2), training=True))
    np.testing.assert_allclose(out[:4], expected, rtol=1e-6, atol=1e-6)
    for name in ("moving_mean", "moving_variance"):
        np.testing.assert_allclose(getattr(padded, name), getattr(plain, name), rtol=1e-6)


def test_without_a_mask_it_is_batch_normalisation():
    crops = np.random.default_rng(1).normal(3, 2, size=(5, 4, 4, 3)).astype(np.float32)
    ours = CropNormalization(momentum=0.9, epsilon=1e-3)
    keras_own = keras.layers.BatchNormalization(momentum=0.9, epsilon=1e-3)
    for training in (True, False):
        expected = np.asarray(keras_own(crops, training=training))
        np.testing.assert_allclose(ours(crops, training=training), expected, atol=1e-5)
    for name in ("moving_mean", "moving_variance"):
        np.testing.assert_allclose(getattr(ours, name), getattr(keras_own, name), rtol=1e-5)


@pytest.mark.parametrize("shape", [(5, 3, 4, 2), (5, 2)])
@pytest.mark.parametrize("n_real", [5, 3, 0])
def test_gradients_are_those_of_the_formula(shape, n_real):
    tf = pytest.importorskip("tensorflow")
    generator = np.random.default_rng(2)
    x, pull = (tf.constant(generator.normal(1, 2, shape), tf.float32) for _ in range(2))
    mask = np.arange(5) < n_real
    layer = CropNormalization(epsilon=0.5)
    layer.build(shape)
    layer.gamma.assign([0.7, -1.3])
    weights = [layer.gamma.value, layer.beta.value]

    def by_formula():
        axes = tuple(range(len(shape) - 1))
        kept = x[:n_real] if n_real else tf.zeros_like(x)
        mean, variance = tf.nn.moments(kept, axes)
        return (x - mean) / tf.sqrt(variance + 0.5) * weights[0] + weights[1]

    found = []
    for call in (by_formula, lambda: layer(x, mask, training=True)):
        with tf.GradientTape() as tape:
            tape.watch(x)
            out = call()
        found.append([out, *tape.gradient(out, [x, *weights], output_gradients=pull)])
    for expected, got in zip(*found, strict=True):
        np.testing.assert_allclose(got, expected, rtol=1e-4, atol=1e-5)


def test_a_batch_of_padding_leaves_the_statistics():
    layer = CropNormalization(momentum=0.5)
    out = np.asarray(layer(CROPS, np.zeros(3, bool), training=True))
    assert np.isfinite(out).all()
    assert _statistics(layer) == [0.0, 1.0]


@pytest.mark.parametrize("option", ["frozen", "not trainable", "inference"])
def test_statistics_that_stand_are_used_and_left(option):
    layer = CropNormalization(epsilon=0.0, frozen=option == "frozen")
    layer.build(CROPS.shape)
    layer.moving_mean.assign([2.0])
    layer.moving_variance.assign([4.0])
    layer.trainable = option != "not trainable"
    out = np.asarray(layer(CROPS, REAL, training=option != "inference"))
    np.testing.assert_allclose(out, (CROPS - 2) / 2)
    assert _statistics(layer) == [2.0, 4.0]
    assert len(layer.trainable_weights) == (0 if option == "not trainable" else 2)


def test_features_without_a_map_are_normalised_alike():
    out = np.asarray(CropNormalization(epsilon=0.0)(CROPS[:2, 0, :, 0], training=True))
    np.testing.assert_allclose(out, [[-1, -1], [1, 1]], rtol=1e-6)


def test_bfloat16_goes_in_and_out_and_is_computed_in_float32():
    crops = (1000 + CROPS[:2]).astype(np.float32)
    layer = CropNormalization(epsilon=0.0, dtype="mixed_bfloat16")
    out = layer(crops, training=True)
    assert keras.backend.standardize_dtype(out.dtype) == "bfloat16"
    assert {w.dtype for w in layer.weights} == {"float32"}


def test_settings_survive_saving():
    layer = CropNormalization(0.7, 1e-5, frozen=True, name="n")
    again = CropNormalization.from_config(layer.get_config())
    assert (again.momentum, again.epsilon, again.frozen, again.name) == (0.7, 1e-5, True, "n")
