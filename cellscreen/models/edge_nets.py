"""The four edge nets by name."""

from __future__ import annotations

import keras

from cellscreen.models.cbam import cbam
from cellscreen.models.dense import dense
from cellscreen.models.dense_attention import dense_attention
from cellscreen.models.net_config import NetConfig
from cellscreen.models.plain import plain

EDGE_NETS = {"plain": plain, "dense": dense, "cbam": cbam, "dense_attention": dense_attention}


def build_edge_net(config: NetConfig, input_size: int = 128, n_classes: int = 2) -> keras.Model:
    """The net that `config.net` names, for maps `(batch, input_size, input_size, 1)`.

    Returns:
        A functional model; output `(batch, n_classes)` float32 probabilities.
    """
    return EDGE_NETS[config.net](config, input_size, n_classes)
