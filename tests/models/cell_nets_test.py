import dataclasses

import keras
import numpy as np
import pytest
import tensorflow as tf

from cellscreen.errors import ConfigError, DataError
from cellscreen.models.cell_config import CellNetConfig
from cellscreen.models.cell_nets import build_cell_net, cell_planes_of, cell_size_of, check_cells
from cellscreen.models.hybrids import IMAGE_METADATA_HYBRID, MASK_FLOW_HYBRID
from cellscreen.models.tabular_branch import adapt_table, table_features_of

CHANNELS = {
    "mask": ("own", "other", "outline", "depth"),
    "flow": ("dy", "dx", "probability", "magnitude"),
    "intensity": ("DNA",),
}
FEATURES = ("Area", "Extent", "Solidity")
SIZE, OUTPUTS, BATCH = 8, 3, 4
SMALL = {"cell_width": 4, "table_units": 4, "fusion_units": 4, "projection_units": 6}
PARTS = [
    (("mask",), False),
    (("flow",), False),
    ((), True),
    (("mask", "flow"), False),
    (("mask",), True),
    (("flow",), True),
    (("mask", "flow"), True),
    (("mask", "flow", "intensity"), True),
]

EFFICIENTNET_4 = 4_049_571 - 7 + 9 * 32 + 4 * 4  # Keras' for RGB, one channel more, our first norm
WIDE = 2 * 1280 + 32


def _config(branches=("mask", "flow"), table=True, **fields):
    features = FEATURES if table else ()
    return CellNetConfig(**SMALL | {"branches": branches, "table_features": features} | fields)


def _net(*parts, size=SIZE, **fields):
    keras.utils.set_random_seed(0)
    config = _config(*parts, **fields)
    net = build_cell_net(config, size, CHANNELS, OUTPUTS)
    if config.table_features:
        adapt_table(net, [100.0, 0.5, 0.9], [400.0, 0.01, 0.04])
    return net


def _inputs(net, size=SIZE, n=BATCH):
    draw = np.random.default_rng(1)
    made = {
        name: draw.random((n, size, size, len(planes)), np.float32)
        for name, planes in cell_planes_of(net).items()
    }
    if table_features_of(net):
        made["table"] = draw.normal([100, 0.5, 0.9], [20, 0.1, 0.2], (n, 3)).astype(np.float32)
        made["table"][0, 1] = np.nan
    return made


def _step(net, inputs, jit, rate=0.01):
    """A gradient step without the model's own state, as training takes it."""
    labels = np.arange(BATCH) % OUTPUTS

    def step(trained, state, inputs):
        with tf.GradientTape() as tape:
            tape.watch(trained)
            found, state = net.stateless_call(trained, state, inputs, training=True)
            loss = tf.reduce_mean(keras.losses.sparse_categorical_crossentropy(labels, found))
        return loss, tape.gradient(loss, trained), state

    loss, gradients, state = (tf.function(step, jit_compile=True) if jit else step)(
        [v.value for v in net.trainable_variables],
        [v.value for v in net.non_trainable_variables],
        {name: tf.constant(value) for name, value in inputs.items()},
    )
    for variable, gradient in zip(net.trainable_variables, gradients, strict=True):
        variable.assign(variable - rate * gradient)
    for variable, value in zip(net.non_trainable_variables, state, strict=True):
        variable.assign(value)
    return float(loss), [np.asarray(gradient) for gradient in gradients]


@pytest.fixture
def policy():
    before = keras.config.dtype_policy()
    yield keras.config.set_dtype_policy
    keras.config.set_dtype_policy(before)


def test_parameters_of_image_metadata_hybrid():
    net = build_cell_net(IMAGE_METADATA_HYBRID, 64, CHANNELS, outputs=303)
    convolutions = (9 * 1 + 1) * 32 + (9 * 32 + 1) * 64 + (9 * 64 + 1) * 128
    table = 2 * 5 + (5 + 1) * 32 + (32 + 1) * 32
    dense = (8 * 8 * 128 + 32 + 1) * 128 + (128 + 1) * 128 + (128 + 1) * 303
    assert net.count_params() == convolutions + table + dense == 1_202_329


@pytest.mark.slow
def test_parameters_of_mask_flow_hybrid():
    net = build_cell_net(MASK_FLOW_HYBRID, 224, CHANNELS, outputs=303)
    table = 2 * 12 + (12 + 1) * 32 + 4 * 32
    gate = (WIDE + 1) * 256 + (256 + 1) * WIDE
    dense = (WIDE + 1) * 256 + (256 + 1) * 303
    assert net.count_params() == 2 * EFFICIENTNET_4 + table + gate + dense == 10_171_935


@pytest.mark.parametrize(
    ("fusion", "parameters"),
    [
        ("concatenate", 36 * 6 + 6),
        ("gate", (36 * 4 + 4) + (4 * 36 + 36) + (36 * 6 + 6)),
        ("film", (4 * 4 + 4) + 2 * (4 * 32 + 32) + (32 * 6 + 6)),
    ],
)
def test_parameters_of_every_fusion_add_up(fusion, parameters):
    """One small branch of four convolutions from 4 channels to 32, a table of 3 columns."""
    net = _net(("mask",), fusion=fusion)
    branch = 9 * (4 * 4 + 4 * 8 + 8 * 16 + 16 * 32) + 4 * (4 + 8 + 16 + 32)
    table = 2 * 3 + (3 * 4 + 4) + 4 * 4
    assert net.count_params() == branch + table + parameters + (6 * OUTPUTS + OUTPUTS)


@pytest.mark.parametrize(("branches", "table"), PARTS)
def test_every_branch_can_be_off(branches, table):
    net = _net(branches, table, fusion="gate")
    assert set(net.input) == {*branches, *(["table"] if table else [])}
    assert tuple(cell_planes_of(net)) == branches
    inputs = _inputs(net)
    found = np.asarray(net(inputs))
    assert found.shape == (BATCH, OUTPUTS)
    np.testing.assert_allclose(found.sum(axis=1), 1, rtol=1e-5)
    loss, gradients = _step(net, inputs, jit=False)
    assert np.isfinite(loss)
    assert all(np.isfinite(gradient).all() for gradient in gradients)


@pytest.mark.parametrize("fusion", ["concatenate", "gate", "film"])
@pytest.mark.parametrize("name", ["mask", "flow", "table"])
def test_every_branch_that_is_on_matters(fusion, name):
    net = _net(fusion=fusion, table_dropout=0.0)
    for kernel in (w for w in net.weights if "film" in w.path and w.path.endswith("kernel")):
        kernel.assign(np.full(kernel.shape, 0.1))  # film begins by changing nothing
    inputs = _inputs(net)
    changed = inputs | {name: inputs[name][::-1]}
    before, after = (net(some, training=True) for some in (inputs, changed))
    assert np.abs(before - after).max() > 1e-5


def _table_gate():
    """A net of a table alone: concatenation (2, 3), hidden ReLU(2a - 6, b), gate of those."""
    config = CellNetConfig(
        branches=(),
        table_features=("a", "b"),
        table_units=2,
        table_norm=False,
        fusion="gate",
        fusion_units=2,
        projection_units=0,
    )
    net = build_cell_net(config, SIZE, {}, outputs=2)
    for name, kernel, bias in (
        ("table_1", [[1, 0], [0, 1]], [0, 0]),
        ("gate_hidden", [[2, 0], [0, 1]], [-6, 0]),
        ("gate", [[1, 0], [0, 1]], [0, -3]),
    ):
        net.get_layer(name).set_weights([np.array(kernel, "f4"), np.array(bias, "f4")])
    return net


def test_gate_is_a_sigmoid_of_two_layers_and_multiplies_the_concatenation():
    net = _table_gate()
    inner = keras.Model(net.input, [net.get_layer(name).output for name in ("gate", "gated")])
    gate, gated = inner({"table": np.array([[2, 3], [4, 5]], "f4")})
    # hidden: (ReLU(-2), 3), (2, 5); then biases 0 and -3
    expected = 1 / (1 + np.exp(-np.array([[0, 0], [2, 2]])))
    np.testing.assert_allclose(gate, expected, rtol=1e-6)
    np.testing.assert_allclose(gated, expected * [[2, 3], [4, 5]], rtol=1e-6)


def test_gate_is_between_0_and_1_for_the_whole_concatenation():
    net = _net(fusion="gate")
    inner = keras.Model(
        net.input, [net.get_layer(name).output for name in ("concatenation", "gate", "gated")]
    )
    whole, gate, gated = map(np.asarray, inner(_inputs(net)))
    assert gate.shape == whole.shape == (BATCH, 2 * 32 + 4)
    assert gate.min() > 0
    assert gate.max() < 1
    np.testing.assert_allclose(gated, whole * gate, rtol=1e-6)


def test_film_begins_by_changing_nothing_and_scales_and_shifts_then():
    net = _net(("mask",), fusion="film")
    images = net.get_layer("scaled").input[0]
    inner = keras.Model(net.input, [images, net.get_layer("shifted").output])
    inputs = _inputs(net)
    images, shifted = inner(inputs)
    np.testing.assert_allclose(shifted, images)
    for name, bias in (("film_scale", 3.0), ("film_shift", -1.0)):
        net.get_layer(name).bias.assign(np.full(32, bias))
    np.testing.assert_allclose(inner(inputs)[1], 3 * images - 1, rtol=1e-5)


def test_planes_are_brought_to_mean_and_deviation_one_half():
    planes = _net(("mask",), False).get_layer("mask_planes")
    np.testing.assert_allclose(planes(np.array([[[[0, 0.5, 0.75, 1]]]])), [[[[-1, 0, 0.5, 1]]]])
    same = _net(("mask",), False, centre_planes=False).get_layer("mask_planes")
    np.testing.assert_allclose(same(np.array([[[[0, 0.5, 0.75, 1]]]])), [[[[0, 0.5, 0.75, 1]]]])


@pytest.mark.parametrize("backbone", ["small", "plain"])
def test_names_and_statistics_are_saved_with_the_net(backbone, tmp_path):
    net = _net(cell_backbone=backbone, fusion="gate", missing_flags=True)
    inputs = _inputs(net)
    net(inputs, training=True)
    net.save(tmp_path / "net.keras")
    loaded = keras.saving.load_model(tmp_path / "net.keras", safe_mode=True)
    np.testing.assert_array_equal(loaded(inputs), net(inputs))
    assert cell_planes_of(loaded) == {name: CHANNELS[name] for name in ("mask", "flow")}
    assert (cell_size_of(loaded), table_features_of(loaded)) == (SIZE, FEATURES)
    check_cells(loaded, SIZE, CHANNELS)


def test_exported_net_answers_alike(tmp_path):
    net = _net(fusion="gate")
    inputs = _inputs(net)
    net.export(tmp_path / "exported", verbose=False)
    served = tf.saved_model.load(str(tmp_path / "exported"))
    found = served.serve({name: tf.constant(value) for name, value in inputs.items()})
    np.testing.assert_allclose(found, net(inputs), atol=1e-6)


@pytest.mark.parametrize("dtype", ["mixed_bfloat16", "mixed_float16"])
def test_mixed_precision_keeps_table_and_answer_in_float32(policy, dtype):
    policy(dtype)
    net = _net(fusion="gate")
    inputs = _inputs(net)
    found = net(inputs)
    assert found.dtype == tf.float32
    np.testing.assert_allclose(np.sum(found, axis=1), 1, rtol=1e-5)
    assert net.get_layer("table_normalization").compute_dtype == "float32"
    assert net.get_layer("gate").compute_dtype == dtype.removeprefix("mixed_")
    loss, gradients = _step(net, inputs, jit=False)
    assert np.isfinite(loss)
    assert all(np.isfinite(gradient).all() for gradient in gradients)
    assert {w.dtype for w in net.weights if "seed" not in w.path} == {"float32"}


def test_step_compiled_by_xla_is_the_same_step():
    plain, compiled = (_net(fusion="gate", table_dropout=0.0) for _ in range(2))
    inputs = _inputs(plain)
    losses = [_step(net, inputs, net is compiled)[0] for net in (plain, compiled)]
    assert losses[0] == pytest.approx(losses[1], abs=1e-5)
    for ours, theirs in zip(compiled.variables, plain.variables, strict=True):
        np.testing.assert_allclose(ours, theirs, atol=1e-4)


@pytest.mark.slow
def test_step_with_dropout_compiles_under_xla():
    net = _net(projection_dropout=0.2)
    assert np.isfinite(_step(net, _inputs(net), jit=True)[0])


def test_training_steps_lower_the_loss():
    net = _net(fusion="gate", table_dropout=0.0)
    inputs = _inputs(net)
    losses = [_step(net, inputs, jit=False, rate=0.05)[0] for _ in range(5)]
    assert losses[-1] < losses[0]


@pytest.mark.slow
def test_mask_flow_hybrid_steps_and_is_saved(tmp_path):
    keras.utils.set_random_seed(0)
    config = dataclasses.replace(MASK_FLOW_HYBRID, table_features=FEATURES)
    net = build_cell_net(config, 32, CHANNELS, OUTPUTS)
    adapt_table(net, [100.0, 0.5, 0.9], [400.0, 0.01, 0.04])
    inputs = _inputs(net, 32)
    loss, gradients = _step(net, inputs, jit=True, rate=1e-4)
    assert np.isfinite(loss)
    assert all(np.isfinite(gradient).all() for gradient in gradients)
    net.save(tmp_path / "net.keras")
    loaded = keras.saving.load_model(tmp_path / "net.keras", safe_mode=True)
    np.testing.assert_array_equal(loaded(inputs), net(inputs))


@pytest.mark.parametrize(
    ("channels", "message"),
    [
        ({"mask": ("own",)}, r"planes of different names for the branch flow; got \[\]"),
        ({"mask": ("own", "own"), "flow": ("dy",)}, r"for the branch mask; got \['own', 'own'\]"),
    ],
)
def test_planes_without_names_of_their_own(channels, message):
    with pytest.raises(ConfigError, match=message):
        build_cell_net(_config(), SIZE, channels, OUTPUTS)


@pytest.mark.parametrize(
    ("fields", "size", "message"),
    [
        ({}, 4, r"crops of 8 px or more for small; got 4"),
        ({"cell_backbone": "plain"}, 7, r"crops of 8 px or more for 3 poolings; got 7"),
    ],
)
def test_crops_that_are_too_small(fields, size, message):
    with pytest.raises(ConfigError, match=message):
        build_cell_net(_config(**fields), size, CHANNELS, OUTPUTS)


def test_one_class_is_refused():
    with pytest.raises(ConfigError, match="Expected 2 classes or more; got 1"):
        build_cell_net(_config(), SIZE, CHANNELS, 1)


def test_check_of_cells_names_what_differs():
    net = _net(("mask",), False)
    check_cells(net, SIZE, {"mask": CHANNELS["mask"]})
    with pytest.raises(ConfigError, match=r"Expected crops of 8 px, .*; got 64 px"):
        check_cells(net, 64, CHANNELS)
    with pytest.raises(ConfigError, match=r"planes own, other, outline, depth in the branch mask"):
        check_cells(net, SIZE, {"mask": ("other", "own", "outline", "depth")})
    with pytest.raises(ConfigError, match=r"for the branch mask; got \[\]"):
        check_cells(net, SIZE, {"flow": CHANNELS["flow"]})
    table = _net((), True)
    assert cell_size_of(table) is None
    check_cells(table, 999, {})


def test_other_net_is_refused():
    net = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2)])
    with pytest.raises(ConfigError, match=r"Expected a net for cells; sequential.* is not"):
        cell_planes_of(net)
    with pytest.raises(ConfigError, match=r"Expected a cell net that takes a table; seq"):
        adapt_table(net, [0.0], [1.0])


def test_constant_columns_are_told_before_they_are_divided_by():
    net = _net()
    with pytest.raises(DataError, match=r"1 are constant \(variance 0\): Extent\. Leave"):
        adapt_table(net, [1.0, 2.0, 3.0], [1.0, 0.0, 1.0])


def test_one_seed_gives_one_net():
    first, again = _net(), _net()
    for ours, theirs in zip(first.weights, again.weights, strict=True):
        np.testing.assert_array_equal(ours, theirs)
    branches = [
        first.get_layer(f"{name}_branch").trainable_variables[0]
        for name in CHANNELS
        if name != "intensity"
    ]
    assert not np.array_equal(*map(np.asarray, branches))
