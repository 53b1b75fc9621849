import keras
import numpy as np
import pytest

from cellscreen.errors import ConfigError
from cellscreen.models.bag_config import BagNetConfig
from cellscreen.models.set_encoder import HEADS, build_set_encoder

UNITS = 8
MASK = np.array([[1, 1, 1], [1, 0, 0], [0, 1, 1]], bool)
EMBEDDINGS = np.random.default_rng(0).normal(size=(3, 3, UNITS)).astype(np.float32)

every_head = pytest.mark.parametrize("head", HEADS)


def _net(head, outputs=3, answer="classes", **fields):
    keras.utils.set_random_seed(1)
    config = BagNetConfig(
        set_head=head, embedding_units=UNITS, heads=2, mlp_units=6, gate_units=5, **fields
    )
    return build_set_encoder(config, outputs, answer)


@pytest.fixture(scope="module")
def nets():
    return {head: _net(head) for head in HEADS}


def _run(net, embeddings, mask):
    return {k: np.asarray(v) for k, v in net({"embeddings": embeddings, "mask": mask}).items()}


def _softmax(x):
    powers = np.exp(x - x.max(-1, keepdims=True))
    return powers / powers.sum(-1, keepdims=True)


def _answer(net, x):
    layer = net.get_layer("answer")
    return x @ np.asarray(layer.kernel) + np.asarray(layer.bias)


@every_head
def test_outputs_have_the_promised_shapes(nets, head):
    found = _run(nets[head], EMBEDDINGS, MASK)
    depth, heads = (2, 2) if head == "transformer" else (1, 1)
    shapes = {
        "answer": (3, 3),
        "attention": (3, 3),
        "rollout": (3, 3),
        "layers": (3, depth, heads, 3),
        "embedding": (3, UNITS),
    }
    assert {name: value.shape for name, value in found.items()} == shapes
    assert {value.dtype for value in found.values()} == {np.dtype(np.float32)}


@every_head
def test_attention_sums_to_1_over_the_real_crops_and_is_0_elsewhere(nets, head):
    found = _run(nets[head], EMBEDDINGS, MASK)
    for name in ("attention", "rollout"):
        np.testing.assert_allclose(found[name].sum(axis=1), 1, rtol=1e-6)
        assert not found[name][~MASK].any()
        assert (found[name][MASK] > 0).all()
    assert not found["layers"].transpose(0, 3, 1, 2)[~MASK].any()


@every_head
@pytest.mark.parametrize("padding", [7.0, np.nan])
def test_padded_crops_change_nothing(nets, head, padding):
    few = _run(nets[head], EMBEDDINGS, MASK)
    filled = np.concatenate([EMBEDDINGS, np.full((3, 5, UNITS), padding, np.float32)], axis=1)
    many = _run(nets[head], filled, np.concatenate([MASK, np.zeros((3, 5), bool)], axis=1))
    for name in ("answer", "embedding"):
        np.testing.assert_allclose(many[name], few[name], atol=1e-6)
    for name in ("attention", "rollout", "layers"):
        np.testing.assert_allclose(many[name][..., :3], few[name], atol=1e-6)
        assert not many[name][..., 3:].any()


@every_head
def test_order_of_crops_does_not_matter(nets, head):
    order = [2, 0, 1]
    found = _run(nets[head], EMBEDDINGS, MASK)
    shuffled = _run(nets[head], EMBEDDINGS[:, order], MASK[:, order])
    for name in ("answer", "embedding"):
        np.testing.assert_allclose(shuffled[name], found[name], atol=1e-6)
    for name in ("attention", "rollout", "layers"):
        np.testing.assert_allclose(shuffled[name], found[name][..., order], atol=1e-6)


@every_head
def test_bag_of_padding_has_no_answer(nets, head):
    mask = MASK & [[True], [False], [True]]
    found = _run(nets[head], EMBEDDINGS, mask)
    for name in ("answer", "embedding"):
        assert np.isnan(found[name][1]).all()
        assert np.isfinite(found[name][[0, 2]]).all()
    for name in ("attention", "rollout", "layers"):
        assert not found[name][1].any()


@every_head
def test_one_crop_gets_all_attention(nets, head):
    found = _run(nets[head], EMBEDDINGS[:, :1], np.ones((3, 1), bool))
    np.testing.assert_allclose(found["attention"], 1, rtol=1e-6)
    np.testing.assert_allclose(found["rollout"], 1, rtol=1e-6)


def test_mean_by_hand(nets):
    found = _run(nets["mean"], EMBEDDINGS, MASK)
    means = np.stack([e[m].mean(axis=0) for e, m in zip(EMBEDDINGS, MASK, strict=True)])
    np.testing.assert_allclose(found["embedding"], means, atol=1e-6)
    np.testing.assert_allclose(found["answer"], _softmax(_answer(nets["mean"], means)), atol=1e-6)
    np.testing.assert_allclose(found["attention"][0], np.full(3, 1 / 3), rtol=1e-6)


def test_vote_by_hand(nets):
    found = _run(nets["vote"], EMBEDDINGS, MASK)
    alone = _softmax(_answer(nets["vote"], EMBEDDINGS))
    expected = [p[m].mean(axis=0) for p, m in zip(alone, MASK, strict=True)]
    np.testing.assert_allclose(found["answer"], expected, atol=1e-6)


def test_vote_of_one_crop_is_the_answer_of_that_crop(nets):
    whole = _run(nets["vote"], EMBEDDINGS[:1], np.ones((1, 3), bool))["answer"]
    alone = _run(nets["vote"], EMBEDDINGS[0][:, None], np.ones((3, 1), bool))["answer"]
    np.testing.assert_allclose(whole[0], alone.mean(axis=0), atol=1e-6)


def test_gated_attention_by_hand(nets):
    net = nets["gated_attention"]
    found = _run(net, EMBEDDINGS, MASK)

    def dense(name, x):
        return x @ np.asarray(net.get_layer(name).kernel)

    content = np.tanh(dense("gate_content", EMBEDDINGS))
    gate = 1 / (1 + np.exp(-dense("gate", EMBEDDINGS)))
    powers = np.exp(dense("gate_score", content * gate)[..., 0]) * MASK
    weights = powers / powers.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(found["attention"], weights, atol=1e-6)
    embedding = np.einsum("bc,bcu->bu", weights, EMBEDDINGS)
    np.testing.assert_allclose(found["embedding"], embedding, atol=1e-6)


def test_attention_is_the_last_blocks_mean_over_heads(nets):
    found = _run(nets["transformer"], EMBEDDINGS, MASK)
    rows = found["layers"][:, -1].mean(axis=1)
    assert (rows.sum(axis=1) < 1).all()  # the class token attends to itself, too
    np.testing.assert_allclose(
        found["attention"], rows / rows.sum(axis=1, keepdims=True), atol=1e-6
    )


def test_rollout_of_one_block_is_its_attention():
    found = _run(_net("transformer", depth=1), EMBEDDINGS, MASK)
    np.testing.assert_allclose(found["rollout"], found["attention"], atol=1e-6)


def test_classifier_reads_the_embedding(nets):
    for head in ("transformer", "mean", "gated_attention"):
        found = _run(nets[head], EMBEDDINGS, MASK)
        expected = _softmax(_answer(nets[head], found["embedding"]))
        np.testing.assert_allclose(found["answer"], expected, atol=1e-6)


@pytest.mark.parametrize("norm_first", [True, False])
def test_embedding_of_a_transformer_is_normalised_once(norm_first):
    net = _net("transformer", norm_first=norm_first)
    embedding = _run(net, EMBEDDINGS, MASK)["embedding"]
    np.testing.assert_allclose(embedding.mean(axis=1), 0, atol=1e-5)
    np.testing.assert_allclose(embedding.std(axis=1), 1, rtol=2e-2)
    names = [layer.name for layer in net.layers]
    assert ("set_norm" in names) == norm_first


@pytest.mark.parametrize(
    ("answer", "activation"),
    [("classes", "softmax"), ("tasks", "sigmoid"), ("value", "linear")],
)
@every_head
def test_kinds_of_answer(head, answer, activation):
    net = _net(head, outputs=2, answer=answer)
    assert net.get_layer("answer").activation.__name__ == activation
    assert _run(net, EMBEDDINGS, MASK)["answer"].shape == (3, 2)


def test_dropout_acts_in_training_alone():
    net = _net("transformer", set_dropout=0.5)
    inputs = {"embeddings": EMBEDDINGS, "mask": MASK}
    once, again = (np.asarray(net(inputs, training=True)["answer"]) for _ in range(2))
    assert not np.array_equal(once, again)
    once, again = (np.asarray(net(inputs)["answer"]) for _ in range(2))
    np.testing.assert_array_equal(once, again)


@pytest.mark.parametrize(
    ("outputs", "answer", "message"),
    [
        (1, "classes", "Expected 2 classes or more; got 1"),
        (0, "tasks", "Expected 1 tasks or more; got 0"),
        (0, "value", "Expected 1 value or more; got 0"),
        (2, "ranks", "Expected an answer of classes, tasks, value; got 'ranks'"),
    ],
)
def test_impossible_answers(outputs, answer, message):
    with pytest.raises(ConfigError, match=message):
        _net("mean", outputs, answer)


def test_a_thousand_crops(nets):
    many = np.random.default_rng(2).normal(size=(1, 1000, UNITS)).astype(np.float32)
    found = _run(nets["transformer"], many, np.ones((1, 1000), bool))
    assert np.isfinite(found["answer"]).all()
    np.testing.assert_allclose(found["attention"].sum(), 1, rtol=1e-5)
