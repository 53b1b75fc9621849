"""Transformer blocks over the crops of a bag, and what their attention says.

Tokens are `(batch, 1 + crops, units)`, the class token first. There is no positional encoding:
crops of a bag have no order.
"""

from __future__ import annotations

from keras import KerasTensor, layers, ops

from cellscreen.models.bag_config import BagNetConfig

# Softmax makes an exact 0 of it, as long as one key is open; the class token always is.
SHUT = -1e9


def block(
    tokens: KerasTensor, keys: KerasTensor, config: BagNetConfig, name: str, *, last: bool
) -> tuple[KerasTensor, KerasTensor]:
    """Self-attention and a perceptron, each with a residual connection (Vaswani et al. 2017).

    Nothing reads what the last block would make of the crops, so that it follows the class token
    alone: the same answer in half the time.

    Args:
        tokens: `(batch, 1 + crops, units)`.
        keys: `(batch, 1 + crops)` bool, which tokens may be attended to.
        config: uses heads, mlp_units, norm_first, set_dropout.
        name: of the block, the start of its layers' names.
        last: whether only the class token is asked for.

    Returns:
        The new tokens `(batch, 1 + crops, units)`, or `(batch, 1, units)` of the last block; the
        attention `(batch, heads, rows, 1 + crops)` float32, rows being the tokens returned.
    """
    rows = tokens[:, :1] if last else tokens
    if config.norm_first:
        norm = layers.LayerNormalization(name=f"{name}_attention_norm")
        seen = norm(tokens)
        asked = seen[:, :1] if last else seen
    else:
        seen, asked = tokens, rows
    new, attention = _attend(asked, seen, keys, config, name)
    rows = rows + layers.Dropout(config.set_dropout)(new)
    if config.norm_first:
        normed = layers.LayerNormalization(name=f"{name}_mlp_norm")(rows)
        return rows + _perceptron(normed, config, name), attention
    rows = layers.LayerNormalization(name=f"{name}_attention_norm")(rows)
    rows = rows + _perceptron(rows, config, name)
    return layers.LayerNormalization(name=f"{name}_mlp_norm")(rows), attention


def rollout(attentions: list[KerasTensor]) -> KerasTensor:
    """How much of each crop reaches the class token through all blocks (Abnar & Zuidema 2020).

    A block passes half of a token on by its residual connection and half by the mean over heads
    of its attention. Shares of the class token's own are left out.

    Args:
        attentions: of every block, in order; of the last one the class token's row alone.

    Returns:
        `(batch, crops)` float32; a bag's sum is below 1.
    """
    last = ops.mean(attentions[-1], axis=1)
    own = ops.concatenate([ops.ones_like(last[:, :, :1]), ops.zeros_like(last[:, :, 1:])], axis=-1)
    row = (own + last) / 2
    for attention in reversed(attentions[:-1]):
        row = (row + ops.matmul(row, ops.mean(attention, axis=1))) / 2
    return row[:, 0, 1:]


def _attend(
    asked: KerasTensor, seen: KerasTensor, keys: KerasTensor, config: BagNetConfig, name: str
) -> tuple[KerasTensor, KerasTensor]:
    """Attention of many heads; the softmax of queries times keys is float32 always."""
    units = seen.shape[-1]
    width = units // config.heads

    def split(x: KerasTensor, part: str) -> KerasTensor:
        shape = (None, config.heads, width)
        dense = layers.EinsumDense("btu,uhd->bthd", shape, bias_axes="hd", name=f"{name}_{part}")
        return dense(x)

    query, key = split(asked, "query"), split(seen, "key")
    scores = ops.cast(ops.einsum("bqhd,bkhd->bhqk", query, key), "float32") * width**-0.5
    opened = ops.expand_dims(ops.expand_dims(keys, 1), 1)
    attention = ops.softmax(ops.where(opened, scores, SHUT))
    value = split(seen, "value")
    mixed = ops.einsum("bhqk,bkhd->bqhd", ops.cast(attention, value.dtype), value)
    join = layers.EinsumDense(
        "bqhd,hdu->bqu", (None, units), bias_axes="u", name=f"{name}_attended"
    )
    return join(mixed), attention


def _perceptron(x: KerasTensor, config: BagNetConfig, name: str) -> KerasTensor:
    hidden = layers.Dense(config.mlp_units, activation="gelu", name=f"{name}_hidden")(x)
    hidden = layers.Dropout(config.set_dropout)(hidden)
    new = layers.Dense(x.shape[-1], name=f"{name}_mlp")(hidden)
    return layers.Dropout(config.set_dropout)(new)
