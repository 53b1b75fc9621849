import ast
import sys
import typing
from pathlib import Path

import keras
import numpy as np
import pytest

import cellscreen.models
from cellscreen.errors import ConfigError
from cellscreen.models.edge_nets import EDGE_NETS, build_edge_net
from cellscreen.models.net_config import NetConfig

SMALL = {"stem_width": 8, "growth": 4, "dense_units": 16, "reduction": 4}
SIZE = 60  # neither a power of two nor divisible by eight

every_net = pytest.mark.parametrize("net", EDGE_NETS)


@pytest.fixture(scope="module")
def small_nets():
    """One small net of each kind, seeded; tests leave them as they are."""
    keras.utils.set_random_seed(1)
    return {net: build_edge_net(NetConfig(net=net, **SMALL), SIZE, 2) for net in EDGE_NETS}


@pytest.fixture
def bfloat16():
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy("mixed_bfloat16")
    yield
    keras.config.set_dtype_policy(before)


def _edges(n, size=SIZE):
    return (np.random.default_rng(2).random((n, size, size, 1)) < 0.1).astype(np.float32)


def _layers(model, kind):
    return [layer for layer in model.layers if isinstance(layer, kind)]


def _trained_step(net, seed):
    """A net and its answers after one step of training from `seed`."""
    keras.utils.set_random_seed(seed)
    model = build_edge_net(NetConfig(net=net, stem_width=4, growth=2, dropout=0.5), 16, 2)
    fresh = [variable.numpy() for variable in model.trainable_variables]
    optimizer = keras.optimizers.Adam(0.01)
    model.compile(optimizer, "sparse_categorical_crossentropy", run_eagerly=True)
    loss = model.train_on_batch(_edges(4, 16), np.array([0, 1, 0, 1]))
    return model, fresh, loss


def test_the_mapping_has_the_nets_that_the_config_allows():
    assert tuple(EDGE_NETS) == typing.get_args(typing.get_type_hints(NetConfig)["net"])


@pytest.mark.parametrize(
    ("net", "default", "small"),
    [
        ("plain", 101_730, 6_618),
        ("dense", 37_518, 2_691),
        ("cbam", 107_367, 7_369),
        ("dense_attention", 102_484, 6_846),
    ],
)
def test_parameter_counts(net, default, small, small_nets):
    assert build_edge_net(NetConfig(net=net), 128, 2).count_params() == default
    assert small_nets[net].count_params() == small


def test_cbam_is_plain_and_attention(small_nets):
    gates = sum(2 * c * (c // 4) + c // 4 + c + 3 for c in (8, 16, 32))
    difference = small_nets["cbam"].count_params() - small_nets["plain"].count_params()
    assert difference == gates


@every_net
def test_answers_are_probabilities_for_any_batch(net, small_nets):
    model = small_nets[net]
    assert model.input_shape == (None, SIZE, SIZE, 1)
    for n in (1, 3):
        out = np.asarray(model(_edges(n)))
        assert out.shape == (n, 2)
        assert out.dtype == np.float32
        assert out.min() > 0
        np.testing.assert_allclose(out.sum(axis=1), 1, rtol=1e-6)


@every_net
def test_three_classes_and_the_smallest_input(net):
    out = np.asarray(build_edge_net(NetConfig(net=net, **SMALL), 8, 3)(_edges(2, 8)))
    assert out.shape == (2, 3)


@every_net
def test_round_trip_in_safe_mode(net, small_nets, tmp_path):
    small_nets[net].save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras", safe_mode=True)
    np.testing.assert_array_equal(loaded(_edges(3)), small_nets[net](_edges(3)))
    assert loaded.layers[-1].name == "probabilities"


@every_net
def test_one_training_step_moves_the_whole_net(net):
    model, fresh, loss = _trained_step(net, seed=3)
    assert np.isfinite(loss)
    moved = [
        not np.array_equal(variable.numpy(), before)
        for variable, before in zip(model.trainable_variables, fresh, strict=True)
    ]
    # A perceptron of one hidden unit may be silent, and with it its weights.
    assert moved[0]
    assert moved[-1]
    assert np.mean(moved) > 0.75


def test_one_seed_gives_one_net():
    first, again, other = (_trained_step("dense_attention", seed)[0] for seed in (4, 4, 5))
    np.testing.assert_array_equal(first(_edges(2, 16)), again(_edges(2, 16)))
    assert not np.array_equal(first(_edges(2, 16)), other(_edges(2, 16)))


@every_net
@pytest.mark.usefixtures("bfloat16")
def test_mixed_precision_ends_in_float32(net):
    model = build_edge_net(NetConfig(net=net, **SMALL), SIZE, 2)
    out = np.asarray(model(_edges(2)))
    assert out.dtype == np.float32
    np.testing.assert_allclose(out.sum(axis=1), 1, rtol=1e-6)
    assert {layer.compute_dtype for layer in _layers(model, keras.layers.Conv2D)} == {"bfloat16"}
    assert {weight.dtype for weight in model.weights} == {"float32"}


@every_net
def test_fields_reach_the_layers(net):
    config = NetConfig(net=net, stem_stride=1, global_pooling="max", bn_momentum=0.8, dropout=0.3)
    model = build_edge_net(config, 16, 2)
    pooling = model.get_layer("global_pooling")
    assert isinstance(pooling, keras.layers.GlobalMaxPooling2D)
    assert {bn.momentum for bn in _layers(model, keras.layers.BatchNormalization)} == {0.8}
    assert {drop.rate for drop in _layers(model, keras.layers.Dropout)} <= {0.3}
    assert bool(_layers(model, keras.layers.Dropout)) == (net in ("dense", "dense_attention"))
    poolings = 1 if net == "dense_attention" else 2
    assert pooling.input.shape[1] == 16 // 2**poolings


@every_net
def test_every_layer_is_of_keras_and_none_a_lambda(net, small_nets):
    for layer in small_nets[net].layers:
        assert type(layer).__module__.startswith("keras.")
        assert not isinstance(layer, keras.layers.Lambda)


def test_sources_import_keras_and_nothing_of_a_backend():
    sources = sorted(Path(next(iter(cellscreen.models.__path__))).glob("*.py"))
    imported = {module.split(".")[0] for path in sources for module in _imports(path)}
    assert imported - sys.stdlib_module_names <= {"cellscreen", "keras", "numpy"}
    assert not [path for path in sources if "tensorflow" in path.read_text(encoding="utf-8")]


def _imports(path):
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or ""


@every_net
def test_impossible_inputs_are_refused(net):
    with pytest.raises(ConfigError, match="input_size of 8 px or more; got 4"):
        build_edge_net(NetConfig(net=net), 4, 2)
    with pytest.raises(ConfigError, match="Expected 2 classes or more; got 1"):
        build_edge_net(NetConfig(net=net, **SMALL), 16, 1)
