"""What an edge net is made of: one frozen dataclass for all four nets."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from cellscreen.errors import ConfigError


@dataclass(frozen=True)
class NetConfig:
    """Which edge net, and how large (hypoxia paper, II.C, III.B and Algorithm 2).

    The paper names no widths, rates or strides: these defaults are ours. Every field is a flag of
    its name; docs/decisions/edge-nets.md gives the reasons.

    Raises:
        ConfigError: a field is out of bounds.

    Example:
        >>> NetConfig(net="plain", stem_width=8).dropout
        0.2
    """

    net: Literal["plain", "dense", "cbam", "dense_attention"] = "dense_attention"  # which net
    stem_width: int = 32  # channels of the first convolution; later stages follow from it
    stem_stride: int = 1  # stride of the first convolution, 1 or 2
    growth: int = 16  # channels that each layer of a dense block adds; net dense only
    dense_units: int = 64  # units of the first of two dense layers; nets plain and cbam only
    reduction: int = 8  # channels over hidden units in channel attention's perceptron
    dropout: float = 0.2  # share of features dropped after a block; nets with dense blocks only
    global_pooling: Literal["average", "max"] = "average"  # text: average; Algorithm 2: max
    bn_momentum: float = 0.99  # memory of batch normalisation's moving statistics

    def __post_init__(self) -> None:
        _check_word("net", self.net, ("plain", "dense", "cbam", "dense_attention"))
        _check_word("global_pooling", self.global_pooling, ("average", "max"))
        for name, low, high in (
            ("stem_width", 1, 4096),
            ("stem_stride", 1, 2),
            ("growth", 1, 4096),
            ("dense_units", 1, 65536),
            ("reduction", 1, 4096),
        ):
            _check_range(name, getattr(self, name), low, high)
        for name, low, high in (("dropout", 0, 0.95), ("bn_momentum", 0, 0.9999)):
            _check_range(name, getattr(self, name), low, high)


def _check_word(name: str, value: str, allowed: tuple[str, ...]) -> None:
    if value not in allowed:
        raise ConfigError(f"Expected {name} to be one of {', '.join(allowed)}; got {value!r}.")


def _check_range(name: str, value: float, low: float, high: float) -> None:
    if not low <= value <= high:
        raise ConfigError(f"Expected {name} within {low} and {high}; got {value}.")
