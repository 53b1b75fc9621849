"""How an edge map becomes a net's input."""

from __future__ import annotations

from dataclasses import dataclass

from cellscreen.errors import ConfigError


@dataclass(frozen=True)
class EdgeInput:
    """How an edge map becomes the net's input; the same in training, scoring and export."""

    input_size: int = 128  # side of the net's square input, px
    reduce_factor: int = 1  # exact integer-factor reduction before anything else; 1 is none

    def __post_init__(self) -> None:
        if self.input_size < 8:
            raise ConfigError(f"Expected input_size of 8 px or more; got {self.input_size}.")
        if self.reduce_factor < 1:
            raise ConfigError(f"Expected reduce_factor of 1 or more; got {self.reduce_factor}.")
