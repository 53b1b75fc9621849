"""How a net of bags answers: many random sets of a bag's crops, averaged."""

from __future__ import annotations

from dataclasses import dataclass

from cellscreen.errors import ConfigError


@dataclass(frozen=True)
class InferenceConfig:
    """How a bag is scored; none of it changes a net's weights.

    Raises:
        ConfigError: a value that cannot work.

    Example:
        >>> InferenceConfig(sets=10).encode_batch
        256
    """

    sets: int = 50  # random sets of crops that one bag's score is the mean of (MID, Methods: 50)
    set_crops: int = 0  # crops of a set when scoring (Figure 1's patch number); 0: as in training
    encode_batch: int = 256  # crops that go through the crop encoder at once; memory limits it

    def __post_init__(self) -> None:
        for name, least in (("sets", 1), ("set_crops", 0), ("encode_batch", 1)):
            if getattr(self, name) < least:
                raise ConfigError(f"Expected {name} of {least} or more; got {getattr(self, name)}.")
