import keras
import numpy as np
import pytest
import tensorflow as tf

from cellscreen.errors import ConfigError
from cellscreen.models.bag_config import BagNetConfig
from cellscreen.models.bag_nets import (
    build_bag_net,
    channels_of,
    check_crops,
    crop_size_of,
    split_bag_net,
)
from cellscreen.models.set_encoder import HEADS

CHANNELS = ("DNA", "ROS")
SIZE = 8
MASK = np.array([[1, 1, 1], [1, 0, 0]], bool)

RESNET18 = 11_176_512 + 9_600 + (512 * 128 + 128)  # weights, statistics, projection
SMALL = 389_856 + (256 * 128 + 128)
GATE = 2 * (128 * 64 + 64) + 64
BLOCK = 4 * (128 * 128 + 128) + (128 * 256 + 256) + (256 * 128 + 128) + 4 * 128
TRANSFORMER = 128 + 2 * BLOCK + 2 * 128  # token, blocks, last normalisation

every_head = pytest.mark.parametrize("head", HEADS)
LARGE = [pytest.param(name, marks=pytest.mark.slow) for name in ("resnet50", "efficientnet_b0")]
SLOW_RESNET18 = pytest.param("resnet18", marks=pytest.mark.slow)


def _config(**fields):
    small = {"encoder": "small", "embedding_units": 8, "heads": 2, "mlp_units": 8, "gate_units": 4}
    width = {} if fields.get("encoder") in ("resnet50", "efficientnet_b0") else {"encoder_width": 4}
    return BagNetConfig(**small | width | fields)


def _net(size=SIZE, outputs=3, answer="classes", **fields):
    """A net that has seen a batch, so that its features differ from crop to crop."""
    keras.utils.set_random_seed(0)
    config = _config(norm_momentum=0.0, **fields)
    net = build_bag_net(config, size, CHANNELS, outputs, answer)
    net({"crops": _bags(size=size), "mask": np.ones_like(MASK)}, training=True)
    return net


@pytest.fixture(scope="module")
def nets():
    """One net for each head; tests leave them as they are."""
    return {head: _net(set_head=head) for head in HEADS}


@pytest.fixture
def policy():
    before = keras.config.dtype_policy()
    yield keras.config.set_dtype_policy
    keras.config.set_dtype_policy(before)


def _bags(n_crops=3, size=SIZE, n=2):
    shape = (n, n_crops, size, size, len(CHANNELS))
    return np.random.default_rng(1).random(shape).astype(np.float32)


def _run(net, crops, mask):
    return {k: np.asarray(v) for k, v in net({"crops": crops, "mask": mask}).items()}


def _step(net, crops, mask, labels, jit, rate=0.05):
    """A gradient step without the model's own state, as training takes it."""

    def step(trained, state, inputs):
        with tf.GradientTape() as tape:
            tape.watch(trained)
            outputs, state = net.stateless_call(trained, state, inputs, training=True)
            loss = keras.losses.sparse_categorical_crossentropy(labels, outputs["answer"])
            loss = tf.reduce_mean(loss)
        return loss, tape.gradient(loss, trained), state

    loss, gradients, state = (tf.function(step, jit_compile=True) if jit else step)(
        [v.value for v in net.trainable_variables],
        [v.value for v in net.non_trainable_variables],
        {"crops": tf.constant(crops), "mask": tf.constant(mask)},
    )
    for variable, gradient in zip(net.trainable_variables, gradients, strict=True):
        variable.assign(variable - rate * gradient)
    for variable, value in zip(net.non_trainable_variables, state, strict=True):
        variable.assign(value)
    return float(loss), [np.asarray(gradient) for gradient in gradients]


@pytest.mark.parametrize(
    ("fields", "parameters"),
    [
        ({}, RESNET18 + TRANSFORMER + 258),
        ({"encoder": "small"}, SMALL + TRANSFORMER + 258),
        ({"encoder": "small", "set_head": "mean"}, SMALL + 258),
        ({"encoder": "small", "set_head": "gated_attention"}, SMALL + GATE + 258),
        ({"encoder": "small", "set_head": "vote"}, SMALL + 258),
    ],
)
def test_parameter_counts_of_the_defaults(fields, parameters):
    assert (
        build_bag_net(BagNetConfig(**fields), 96, ("a", "b", "c"), 2).count_params() == parameters
    )


def test_parts_add_up(nets):
    net = nets["transformer"]
    encoder = 2 * 4 * 9 + 9 * (4 * 8 + 8 * 16 + 16 * 32) + 4 * 60 + (32 * 8 + 8)
    attention, perceptron, norms = 4 * (8 * 8 + 8), 2 * (8 * 8 + 8), 2 * 16
    set_encoder = 8 + 2 * (attention + perceptron + norms) + 16 + (8 * 3 + 3)
    assert net.count_params() == encoder + set_encoder


@every_head
def test_padded_crops_change_nothing(nets, head):
    crops = _bags()
    few = _run(nets[head], crops, MASK)
    filled = np.concatenate([crops, np.full((2, 4, SIZE, SIZE, 2), 0.7, np.float32)], axis=1)
    many = _run(nets[head], filled, np.concatenate([MASK, np.zeros((2, 4), bool)], axis=1))
    for name in ("answer", "embedding"):
        np.testing.assert_allclose(many[name], few[name], atol=1e-6)
    for name in ("attention", "rollout", "layers"):
        np.testing.assert_allclose(many[name][..., :3], few[name], atol=1e-6)
        assert not many[name][..., 3:].any()


@every_head
def test_order_of_crops_does_not_matter(nets, head):
    order = [2, 0, 1]
    crops = _bags()
    found = _run(nets[head], crops, MASK)
    shuffled = _run(nets[head], crops[:, order], MASK[:, order])
    np.testing.assert_allclose(shuffled["answer"], found["answer"], atol=1e-6)
    np.testing.assert_allclose(shuffled["attention"], found["attention"][:, order], atol=1e-6)


@every_head
def test_other_bags_do_not_matter(nets, head):
    crops = _bags()
    alone = _run(nets[head], crops[1:], MASK[1:])
    np.testing.assert_allclose(
        alone["answer"][0], _run(nets[head], crops, MASK)["answer"][1], atol=1e-6
    )


@every_head
@pytest.mark.parametrize("n_crops", [1, 1000])
def test_one_crop_and_a_thousand(nets, head, n_crops):
    found = _run(nets[head], _bags(n_crops, n=1), np.ones((1, n_crops), bool))
    np.testing.assert_allclose(found["answer"].sum(axis=1), 1, rtol=1e-5)
    np.testing.assert_allclose(found["attention"].sum(axis=1), 1, rtol=1e-5)
    assert found["attention"].shape == (1, n_crops)


@every_head
def test_bag_of_padding_has_no_answer(nets, head):
    found = _run(nets[head], _bags(), MASK & [[False], [True]])
    assert np.isnan(found["answer"][0]).all()
    assert np.isfinite(found["answer"][1]).all()
    assert not found["attention"][0].any()


@every_head
def test_answers_depend_on_the_crops(nets, head):
    found = _run(nets[head], _bags(), np.ones_like(MASK))
    assert np.abs(found["answer"][0] - found["answer"][1]).max() > 1e-4


@every_head
def test_whole_net_is_its_two_parts(nets, head):
    crops = _bags()
    encode, answer = split_bag_net(nets[head])
    embeddings = np.asarray(encode(crops.reshape(-1, SIZE, SIZE, 2))).reshape(2, 3, -1)
    parts = answer({"embeddings": embeddings, "mask": MASK})
    for name, value in _run(nets[head], crops, MASK).items():
        np.testing.assert_allclose(parts[name], value, atol=1e-6)


@every_head
def test_gradients_reach_every_weight(head):
    net = _net(set_head=head)
    loss, gradients = _step(net, _bags(), MASK, np.array([0, 1]), jit=False)
    assert np.isfinite(loss)
    for gradient, variable in zip(gradients, net.trainable_variables, strict=True):
        # A bias that all keys share, or all scores, cancels out in the softmax.
        assert gradient.any() or "key" in variable.path, variable.path


def test_step_compiled_by_xla_is_the_same_step():
    plain, compiled = (_net(set_dropout=0.0, depth=1) for _ in range(2))
    labels = np.array([0, 1])
    losses = [_step(n, _bags(), MASK, labels, n is compiled)[0] for n in (plain, compiled)]
    assert losses[0] == pytest.approx(losses[1], abs=1e-5)
    for ours, theirs in zip(compiled.variables, plain.variables, strict=True):
        np.testing.assert_allclose(ours, theirs, atol=1e-4)


def test_training_steps_lower_the_loss():
    net = _net(set_dropout=0.0)
    crops, labels = _bags(), np.array([0, 1])
    losses = [_step(net, crops, np.ones_like(MASK), labels, jit=False)[0] for _ in range(4)]
    assert losses[-1] < losses[0]


def test_padded_crops_do_not_move_the_statistics():
    full, padded = (_net(set_dropout=0.0) for _ in range(2))
    crops = _bags()
    filled = np.concatenate([crops, np.ones((2, 2, SIZE, SIZE, 2), np.float32)], axis=1)
    mask = np.array([[1, 1, 1, 0, 0]] * 2, bool)
    full({"crops": crops, "mask": mask[:, :3]}, training=True)
    padded({"crops": filled, "mask": mask}, training=True)
    for ours, theirs in zip(padded.variables, full.variables, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("encoder", ["small", "resnet18", *LARGE])
def test_every_encoder_steps_and_is_saved(encoder, tmp_path):
    size = {"small": 8, "resnet18": 16}.get(encoder, 32)
    net = _net(size, encoder=encoder)
    crops = _bags(size=size)
    before = [np.asarray(v) for v in net.get_layer("crop_encoder").trainable_variables]
    loss, _ = _step(net, crops, MASK, np.array([0, 1]), jit=False, rate=0.001)
    assert np.isfinite(loss)
    after = net.get_layer("crop_encoder").trainable_variables
    moved = [not np.array_equal(a, b) for a, b in zip(after, before, strict=True)]
    assert np.mean(moved) > 0.9
    net.save(tmp_path / "net.keras")
    loaded = keras.saving.load_model(tmp_path / "net.keras", safe_mode=True)
    for name, value in _run(net, crops, MASK).items():
        assert np.isfinite(value).all()
        np.testing.assert_array_equal(_run(loaded, crops, MASK)[name], value)


@pytest.mark.parametrize("encoder", ["small", SLOW_RESNET18, *LARGE])
def test_every_encoder_is_exported(encoder, tmp_path):
    # As it starts: the statistics of six crops would magnify what rounding does.
    net = build_bag_net(_config(encoder=encoder), 32, CHANNELS, 3)
    net.export(tmp_path / "exported", verbose=False)
    served = tf.saved_model.load(str(tmp_path / "exported"))
    for n_crops in (3, 2):
        crops, mask = _bags(n_crops, 32), MASK[:, :n_crops]
        found = served.serve({"crops": tf.constant(crops), "mask": tf.constant(mask)})
        for name, value in _run(net, crops, mask).items():
            np.testing.assert_allclose(found[name], value, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("encoder", ["small", SLOW_RESNET18, *LARGE])
def test_every_encoder_has_mixed_precision(policy, encoder):
    policy("mixed_bfloat16")
    net = _net(32, encoder=encoder)
    loss, gradients = _step(net, _bags(size=32), MASK, np.array([0, 1]), jit=False, rate=0.001)
    assert np.isfinite(loss)
    assert all(np.isfinite(gradient).all() for gradient in gradients)
    answer = _run(net, _bags(size=32), MASK)["answer"]
    assert answer.dtype == np.float32
    assert np.isfinite(answer).all()


@every_head
def test_round_trip_in_safe_mode(nets, head, tmp_path):
    nets[head].save(tmp_path / "net.keras")
    loaded = keras.saving.load_model(tmp_path / "net.keras", safe_mode=True)
    crops = _bags()
    for name, value in _run(nets[head], crops, MASK).items():
        np.testing.assert_array_equal(_run(loaded, crops, MASK)[name], value)
    assert channels_of(loaded) == CHANNELS
    assert crop_size_of(loaded) == SIZE
    encode, _ = split_bag_net(loaded)
    np.testing.assert_array_equal(encode(crops[0]), split_bag_net(nets[head])[0](crops[0]))


@pytest.mark.parametrize(
    ("head", "dtype"),
    [(head, "mixed_bfloat16") for head in HEADS] + [("transformer", "mixed_float16")],
)
def test_mixed_precision_ends_in_float32(policy, head, dtype):
    policy(dtype)
    net = _net(set_head=head)
    found = _run(net, _bags(), MASK & [[True], [False]])
    assert {value.dtype for value in found.values()} == {np.dtype(np.float32)}
    np.testing.assert_allclose(found["answer"][0].sum(), 1, rtol=1e-6)
    assert np.isnan(found["answer"][1]).all()
    encoder = net.get_layer("crop_encoder")
    convs = [layer for layer in encoder.layers if isinstance(layer, keras.layers.Conv2D)]
    assert {layer.compute_dtype for layer in convs} == {dtype.removeprefix("mixed_")}
    assert {weight.dtype for weight in net.weights if "seed" not in weight.path} == {"float32"}


@pytest.mark.parametrize("norm", ["group", "layer"])
def test_other_normalisations_train_and_keep_no_statistics(norm):
    net = _net(norm=norm)
    loss, _ = _step(net, _bags(), MASK, np.array([0, 1]), jit=False)
    assert np.isfinite(loss)
    assert not [v for v in net.non_trainable_variables if "seed" not in v.path]


def test_one_seed_gives_one_net():
    first, again = (_net() for _ in range(2))
    keras.utils.set_random_seed(1)
    other = build_bag_net(_config(), SIZE, CHANNELS, 3)
    for ours, theirs in zip(first.variables, again.variables, strict=True):
        np.testing.assert_array_equal(ours, theirs)
    kernels = [n.get_layer("crop_encoder").get_layer("projection").kernel for n in (first, other)]
    assert not np.array_equal(*map(np.asarray, kernels))


def test_check_of_crops_names_what_differs(nets):
    net = nets["mean"]
    check_crops(net, SIZE, ["DNA", "ROS"])
    for channels, message in (
        (("DNA",), r"Expected the channels DNA, ROS, .* got DNA \(missing: ROS\)"),
        (("DNA", "ROS", "MMP"), r"got DNA, ROS, MMP \(not known to it: MMP\)"),
        (("DNA", "MMP"), r"\(missing: ROS; not known to it: MMP\)"),
        (("ROS", "DNA"), r"got ROS, DNA \(another order\)"),
        (("DNA", "DNA"), r"got DNA, DNA \(missing: ROS\)"),
    ):
        with pytest.raises(ConfigError, match=message):
            check_crops(net, SIZE, channels)
    with pytest.raises(ConfigError, match=r"Expected crops of 8 px, .*got 96 px. .*crop_size=8"):
        check_crops(net, 96, CHANNELS)


@pytest.mark.parametrize("channels", [(), ("DNA", "DNA"), ("DNA", "")])
def test_channels_without_names_of_their_own(channels):
    with pytest.raises(ConfigError, match="Expected channels of different names; got"):
        build_bag_net(_config(), SIZE, channels, 2)


def test_other_net_is_refused():
    net = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2)])
    with pytest.raises(ConfigError, match=r"Expected a net for bags of crops; sequential.* is not"):
        channels_of(net)
