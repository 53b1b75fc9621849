import math

import keras
import numpy as np
import pytest

from cellscreen.models import set_blocks
from cellscreen.models.bag_config import BagNetConfig

UNITS = 6
TOKENS = np.random.default_rng(0).normal(size=(2, 4, UNITS)).astype(np.float32)
KEYS = np.array([[1, 1, 1, 1], [1, 1, 0, 0]], bool)


def _config(**fields):
    return BagNetConfig(embedding_units=UNITS, heads=2, mlp_units=5, **fields)


def _block(config, last):
    keras.utils.set_random_seed(0)
    tokens, keys = keras.Input((None, UNITS)), keras.Input((None,), dtype="bool")
    new, attention = set_blocks.block(tokens, keys, config, "block", last=last)
    model = keras.Model([tokens, keys], [new, attention])
    for weight in model.weights:  # biases and layer norms start alike, which would hide errors
        weight.assign(np.random.default_rng(len(weight.path)).normal(size=weight.shape) / 2)
    return model


def _dense(model, name, x, spec):
    layer = model.get_layer(f"block_{name}")
    return np.einsum(spec, x, np.asarray(layer.kernel)) + np.asarray(layer.bias)


def _normed(model, name, x):
    layer = model.get_layer(f"block_{name}")
    centred = x - x.mean(-1, keepdims=True)
    scaled = centred / np.sqrt((centred**2).mean(-1, keepdims=True) + layer.epsilon)
    return scaled * np.asarray(layer.gamma) + np.asarray(layer.beta)


def _attended(model, x, keys):
    query, key, value = (
        _dense(model, part, x, "btu,uhd->bthd") for part in ("query", "key", "value")
    )
    scores = np.einsum("bqhd,bkhd->bhqk", query, key) / np.sqrt(UNITS / 2)
    powers = np.exp(scores) * keys[:, None, None]
    attention = powers / powers.sum(-1, keepdims=True)
    mixed = np.einsum("bhqk,bkhd->bqhd", attention, value)
    return _dense(model, "attended", mixed, "bqhd,hdu->bqu"), attention


def _perceptron(model, x):
    hidden = _dense(model, "hidden", x, "btu,uh->bth")
    erf = np.vectorize(math.erf)
    return _dense(model, "mlp", hidden * (1 + erf(hidden / np.sqrt(2))) / 2, "bth,hu->btu")


@pytest.mark.parametrize("norm_first", [True, False])
def test_block_is_attention_and_perceptron_with_residuals(norm_first):
    model = _block(_config(norm_first=norm_first), last=False)
    x = TOKENS
    if norm_first:
        new, expected = _attended(model, _normed(model, "attention_norm", x), KEYS)
        x = x + new
        x = x + _perceptron(model, _normed(model, "mlp_norm", x))
    else:
        new, expected = _attended(model, x, KEYS)
        x = _normed(model, "attention_norm", x + new)
        x = _normed(model, "mlp_norm", x + _perceptron(model, x))
    out, attention = model([TOKENS, KEYS])
    np.testing.assert_allclose(attention, expected, atol=1e-5)
    np.testing.assert_allclose(out, x, atol=2e-5)
    assert not np.asarray(attention)[1, :, :, 2:].any()


@pytest.mark.parametrize("norm_first", [True, False])
def test_last_block_is_the_class_tokens_row_of_a_whole_one(norm_first):
    config = _config(norm_first=norm_first)
    whole, row = (_block(config, last)([TOKENS, KEYS]) for last in (False, True))
    np.testing.assert_allclose(row[0], np.asarray(whole[0])[:, :1], atol=1e-6)
    np.testing.assert_allclose(row[1], np.asarray(whole[1])[:, :, :1], atol=1e-6)


def test_rollout_by_hand():
    # One bag of two crops, one head. Rows: class token, first crop, second crop.
    first = np.array([[0.2, 0.8, 0.0], [0.0, 1.0, 0.0], [0.5, 0.5, 0.0]])
    last = np.array([[0.0, 0.4, 0.6]])
    found = set_blocks.rollout([a[None, None].astype(np.float32) for a in (first, last)])
    # Half its own and half its attention: 0.5, 0.2, 0.3. Then the same of the block before.
    own = np.array([0.5, 0.2, 0.3])
    through = [0.5 * 0.2 + 0.3 * 0.5, 0.5 * 0.8 + 0.2 * 1 + 0.3 * 0.5, 0.0]
    np.testing.assert_allclose(found, [((own + through) / 2)[1:]], rtol=1e-6)


def test_rollout_is_the_product_of_matrices():
    generator = np.random.default_rng(3)
    attentions = [generator.dirichlet(np.ones(5), size=(2, 3, 5)) for _ in range(3)]
    product = np.eye(5)
    for attention in attentions:
        product = (np.eye(5) + attention.mean(axis=1)) / 2 @ product
    attentions[-1] = attentions[-1][:, :, :1]
    found = set_blocks.rollout([a.astype(np.float32) for a in attentions])
    np.testing.assert_allclose(found, product[:, 0, 1:], rtol=1e-5)
