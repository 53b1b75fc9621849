"""What a net for bags of crops is made of: one frozen dataclass for all encoders and heads."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

from cellscreen.errors import ConfigError

EncoderName = Literal["small", "resnet18", "resnet50", "efficientnet_b0"]
NormName = Literal["batch", "group", "layer", "frozen"]
SetHead = Literal["transformer", "mean", "gated_attention", "vote"]

FIXED_WIDTH = ("resnet50", "efficientnet_b0")


@dataclass(frozen=True)
class BagNetConfig:
    """Which crop encoder, which set encoder, and how large (MID, Methods, "MID model Design").

    The paper names neither the CNN nor any size: the defaults are ours, with their reasons in
    docs/decisions/bag-nets.md.

    Raises:
        ConfigError: a field is out of bounds, or two fields contradict each other.

    Example:
        >>> BagNetConfig(encoder="small", set_head="mean").embedding_units
        128
    """

    encoder: EncoderName = "resnet18"  # the CNN that all crops share
    encoder_width: int = 0  # channels of its first stage, small and resnet18 only; 0: 32 and 64
    norm: NormName = "batch"  # layers that normalise feature maps; frozen: statistics never move
    norm_groups: int = 8  # groups of channels with norm=group, or what divides the channels
    norm_momentum: float = 0.9  # share of the old value a step keeps in the moving statistics
    encoder_weights: str = ""  # file of the encoder's first weights; empty: random
    weights_input: Literal["same", "rgb"] = "same"  # what they took in: these channels, or RGB
    embedding_units: int = 128  # length of a crop's embedding
    set_head: SetHead = "transformer"  # how the crops of a bag become one answer
    heads: int = 4  # attention heads of a transformer block; they share embedding_units
    depth: int = 2  # transformer blocks
    mlp_units: int = 256  # hidden units of a block's perceptron
    norm_first: bool = True  # layer normalisation before attention and perceptron, not after
    set_dropout: float = 0.1  # share dropped behind a block's attention, hidden units, perceptron
    gate_units: int = 64  # hidden units of the gate; set_head gated_attention only

    def __post_init__(self) -> None:
        _check_word("encoder", self.encoder, get_args(EncoderName))
        _check_word("norm", self.norm, get_args(NormName))
        _check_word("weights_input", self.weights_input, ("same", "rgb"))
        _check_word("set_head", self.set_head, get_args(SetHead))
        for name, low, high in (
            ("encoder_width", 0, 1024),
            ("norm_groups", 1, 1024),
            ("norm_momentum", 0, 0.999),
            ("embedding_units", 1, 4096),
            ("heads", 1, 64),
            ("depth", 1, 48),
            ("mlp_units", 1, 16384),
            ("set_dropout", 0, 0.9),
            ("gate_units", 1, 4096),
        ):
            _check_range(name, getattr(self, name), low, high)
        self._check_together()

    def _check_together(self) -> None:
        if self.encoder_width and self.encoder in FIXED_WIDTH:
            raise ConfigError(
                f"Expected encoder_width 0 with {self.encoder}, whose widths are fixed; got "
                f"{self.encoder_width}."
            )
        if self.set_head == "transformer" and self.embedding_units % self.heads:
            raise ConfigError(
                f"Expected embedding_units that {self.heads} heads can share; got "
                f"{self.embedding_units}."
            )
        if self.weights_input == "rgb" and not self.encoder_weights:
            raise ConfigError("Expected encoder_weights, a file, beside weights_input=rgb.")


def _check_word(name: str, value: str, allowed: tuple[str, ...]) -> None:
    if value not in allowed:
        raise ConfigError(f"Expected {name} to be one of {', '.join(allowed)}; got {value!r}.")


def _check_range(name: str, value: float, low: float, high: float) -> None:
    if not low <= value <= high:
        raise ConfigError(f"Expected {name} within {low} and {high}; got {value}.")
