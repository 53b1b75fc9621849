"""Random numbers that depend on names, never on the order in which fields are made."""

from __future__ import annotations

import hashlib
from typing import Protocol

import numpy as np


class Seeded(Protocol):
    """A config with a seed."""

    @property
    def seed(self) -> int:
        """The seed of all that is drawn."""
        ...


def generator(config: Seeded, *names: str) -> np.random.Generator:
    """Returns the generator that belongs to `config.seed` and `names`.

    Example:
        >>> from cellscreen.simulate.config import CultureConfig
        >>> one = generator(CultureConfig(), "well", "plate-1", "A01").random()
        >>> one == generator(CultureConfig(), "well", "plate-1", "A01").random()
        True
    """
    digest = hashlib.sha256("\0".join((str(config.seed), *names)).encode()).digest()
    return np.random.Generator(np.random.SFC64(int.from_bytes(digest[:16], "little")))
