"""What an edge net is made of: one frozen dataclass for all four nets."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

from cellscreen.errors import ConfigError

NetName = Literal["plain", "dense", "cbam", "dense_attention"]


@dataclass(frozen=True)
class NetConfig:
    """Which edge net, and how large (hypoxia paper, II.C, III.B and Algorithm 2).

    The paper gives no widths, rates or strides: the defaults are ours, with their reasons in
    docs/decisions/edge-nets.md.

    Raises:
        ConfigError: a field is out of bounds.

    Example:
        >>> NetConfig(net="plain", stem_width=8).global_pooling
        'average'
    """

    net: NetName = "dense_attention"  # which net
    stem_width: int = 32  # channels of the first convolution; later stages have multiples of it
    stem_stride: int = 2  # stride of the first convolution, 1 or 2
    growth: int = 16  # channels that each layer of a dense block adds; net dense only
    dense_units: int = 64  # units of the first of two dense layers; nets plain and cbam only
    reduction: int = 8  # channels per hidden unit of channel attention; not in plain and dense
    dropout: float = 0.1  # share of features dropped after a block; not in plain and cbam
    global_pooling: Literal["average", "max"] = "average"  # II.C says average, Algorithm 2 max
    bn_momentum: float = 0.9  # share of the old value a step keeps in BN's moving statistics

    def __post_init__(self) -> None:
        _check_word("net", self.net, get_args(NetName))
        _check_word("global_pooling", self.global_pooling, ("average", "max"))
        for name, low, high in (
            ("stem_width", 1, 1024),
            ("stem_stride", 1, 2),
            ("growth", 1, 1024),
            ("dense_units", 1, 4096),
            ("reduction", 1, 1024),
            ("dropout", 0, 0.9),
            ("bn_momentum", 0, 0.999),
        ):
            _check_range(name, getattr(self, name), low, high)


def _check_word(name: str, value: str, allowed: tuple[str, ...]) -> None:
    if value not in allowed:
        raise ConfigError(f"Expected {name} to be one of {', '.join(allowed)}; got {value!r}.")


def _check_range(name: str, value: float, low: float, high: float) -> None:
    if not low <= value <= high:
        raise ConfigError(f"Expected {name} within {low} and {high}; got {value}.")
