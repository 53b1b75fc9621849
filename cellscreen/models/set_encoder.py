"""The net from a bag's embeddings to its answer: four ways to make many crops one."""

from __future__ import annotations

from typing import Literal

import keras
from keras import KerasTensor, layers, ops

from cellscreen.errors import ConfigError
from cellscreen.models import set_blocks
from cellscreen.models.bag_config import BagNetConfig
from cellscreen.models.bag_layers import ClassToken

AnswerKind = Literal["classes", "tasks", "value"]
Outputs = dict[str, KerasTensor]

ACTIVATIONS = {"classes": "softmax", "tasks": "sigmoid", "value": None}


def build_set_encoder(
    config: BagNetConfig, outputs: int, answer: AnswerKind = "classes"
) -> keras.Model:
    """The net from a bag's embeddings to its answer and attention (MID, Methods).

    The order of the crops does not matter, nor what stands where the mask is False. A bag
    without a real crop gets NaN as its answer and embedding, and 0 elsewhere.

    Args:
        config: uses set_head, embedding_units, heads, depth, mlp_units, norm_first, set_dropout,
            gate_units.
        outputs: classes, tasks or values.
        answer: what the outputs are: `classes` exclude each other and sum to 1; `tasks` are
            probabilities of their own; `value` is any number.

    Returns:
        A model called `set_encoder` from `{"embeddings": (batch, crops, units) float32, "mask":
        (batch, crops) bool}` to a dictionary of float32 tensors:

        - `answer` `(batch, outputs)`;
        - `attention` `(batch, crops)`: what the class token attends to in the last block, mean
          over heads; the gate's weights of gated_attention; the same for all else. It sums to 1
          over the real crops and is 0 for padded ones;
        - `rollout` `(batch, crops)`: attention through all blocks, likewise;
        - `layers` `(batch, depth, heads, crops)`: the class token's row of every block and head,
          as the softmax gave it; without blocks `(batch, 1, 1, crops)`, the attention;
        - `embedding` `(batch, units)`: what the last classifier takes in; of vote, which has one
          answer a crop, the mean over crops.

    Raises:
        ConfigError: an impossible number of outputs, or an unknown kind of answer.

    Example:
        >>> build_set_encoder(BagNetConfig(depth=1), outputs=2).output_shape["answer"]
        (None, 2)
    """
    _check(outputs, answer)
    given = keras.Input((None, config.embedding_units), name="embeddings")
    mask = keras.Input((None,), dtype="bool", name="mask")
    # Padded crops may hold anything, even NaN, which a product with 0 would keep.
    embeddings = ops.where(ops.expand_dims(mask, -1), given, 0.0)
    last = layers.Dense(outputs, ACTIVATIONS[answer], dtype="float32", name="answer")
    found = HEADS[config.set_head](embeddings, mask, config, last)
    some = ops.any(mask, axis=1, keepdims=True)
    for name in ("answer", "embedding"):
        found[name] = ops.where(some, found[name], float("nan"))
    return keras.Model({"embeddings": given, "mask": mask}, found, name="set_encoder")


def _check(outputs: int, answer: str) -> None:
    if answer not in ACTIVATIONS:
        raise ConfigError(f"Expected an answer of {', '.join(ACTIVATIONS)}; got {answer!r}.")
    fewest = 2 if answer == "classes" else 1
    if outputs < fewest:
        raise ConfigError(f"Expected {fewest} {answer} or more; got {outputs}.")


def _transformer(
    embeddings: KerasTensor, mask: KerasTensor, config: BagNetConfig, last: layers.Dense
) -> Outputs:
    """Class token, blocks, linear classifier of the class token."""
    tokens = ClassToken(name="class_token")(embeddings)
    keys = ops.pad(mask, [(0, 0), (1, 0)], constant_values=True)
    attentions = []
    for n in range(config.depth):
        tokens, attention = set_blocks.block(
            tokens, keys, config, f"block_{n + 1}", last=n + 1 == config.depth
        )
        attentions.append(attention)
    rows = ops.stack([attention[:, :, 0, 1:] for attention in attentions], axis=1)
    if config.norm_first:
        tokens = layers.LayerNormalization(name="set_norm")(tokens)
    embedding = ops.cast(tokens[:, 0], "float32")
    return {
        "answer": last(embedding),
        "attention": _shares(ops.mean(attentions[-1][:, :, 0, 1:], axis=1)),
        "rollout": _shares(set_blocks.rollout(attentions)),
        "layers": rows,
        "embedding": embedding,
    }


def _mean(
    embeddings: KerasTensor, mask: KerasTensor, config: BagNetConfig, last: layers.Dense
) -> Outputs:
    """Mean of the crops, linear classifier."""
    del config
    weights = _shares(ops.cast(mask, "float32"))
    embedding = _weighted(embeddings, weights)
    return _alike(last(embedding), weights, embedding)


def _gated_attention(
    embeddings: KerasTensor, mask: KerasTensor, config: BagNetConfig, last: layers.Dense
) -> Outputs:
    """Sum of the crops, weighted by a gated attention (Ilse et al. 2018, equation 9)."""
    content = layers.Dense(config.gate_units, "tanh", name="gate_content")(embeddings)
    gate = layers.Dense(config.gate_units, "sigmoid", name="gate")(embeddings)
    score = layers.Dense(1, use_bias=False, dtype="float32", name="gate_score")(content * gate)
    open_score = ops.where(mask, ops.squeeze(score, -1), set_blocks.SHUT)
    weights = ops.softmax(open_score) * ops.cast(mask, "float32")
    embedding = _weighted(embeddings, weights)
    return _alike(last(embedding), weights, embedding)


def _vote(
    embeddings: KerasTensor, mask: KerasTensor, config: BagNetConfig, last: layers.Dense
) -> Outputs:
    """Mean of the answers that each crop gets alone (hypoxia paper, Table II)."""
    del config
    weights = _shares(ops.cast(mask, "float32"))
    return _alike(_weighted(last(embeddings), weights), weights, _weighted(embeddings, weights))


HEADS = {
    "transformer": _transformer,
    "mean": _mean,
    "gated_attention": _gated_attention,
    "vote": _vote,
}


def _alike(answer: KerasTensor, weights: KerasTensor, embedding: KerasTensor) -> Outputs:
    """The outputs of a head that has one weight a crop and no blocks."""
    return {
        "answer": answer,
        "attention": weights,
        "rollout": weights,
        "layers": ops.expand_dims(ops.expand_dims(weights, 1), 1),
        "embedding": embedding,
    }


def _weighted(values: KerasTensor, weights: KerasTensor) -> KerasTensor:
    """Sum over crops: `(batch, crops, n)` and `(batch, crops)` to `(batch, n)`."""
    return ops.einsum("bcu,bc->bu", values, weights)


def _shares(weights: KerasTensor) -> KerasTensor:
    """`weights` `(batch, crops)` made to sum to 1, or left 0."""
    total = ops.sum(weights, axis=1, keepdims=True)
    return weights / ops.maximum(total, 1e-30)
