"""The four edge nets by name, and the one function that builds the chosen one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

import keras

from cellscreen.models.cbam import cbam
from cellscreen.models.dense import dense
from cellscreen.models.dense_attention import dense_attention
from cellscreen.models.net_config import NetConfig
from cellscreen.models.plain import plain

EDGE_NETS: Mapping[str, Callable[[NetConfig, int, int], keras.Model]] = MappingProxyType(
    {"plain": plain, "dense": dense, "cbam": cbam, "dense_attention": dense_attention}
)


def build_edge_net(config: NetConfig, input_size: int, n_classes: int) -> keras.Model:
    """The net that `config.net` names, with fresh weights.

    The weights follow from `keras.utils.set_random_seed`, the dtypes from the global policy; the
    probabilities are float32 always.

    Args:
        config: which net, and how large.
        input_size: side of the edge map, px.
        n_classes: classes, the negative one first.

    Returns:
        A model from edge maps `(batch, size, size, 1)` float32 in [0, 1] to probabilities
        `(batch, n_classes)` float32. What its layer `global_pooling` takes in is the last feature
        map, its last layer is called `probabilities`.

    Raises:
        ConfigError: the input is too small, or there are fewer than two classes.

    Example:
        >>> build_edge_net(NetConfig(net="plain"), input_size=128, n_classes=2).name
        'plain'
    """
    return EDGE_NETS[config.net](config, input_size, n_classes)
