"""Random numbers that depend on names, never on the order in which fields are made."""

from __future__ import annotations

import hashlib

import numpy as np

from cellscreen.simulate.config import CultureConfig


def generator(config: CultureConfig, *names: str) -> np.random.Generator:
    """Returns the generator that belongs to `config.seed` and `names`.

    Example:
        >>> one = generator(CultureConfig(), "well", "plate-1", "A01").random()
        >>> one == generator(CultureConfig(), "well", "plate-1", "A01").random()
        True
    """
    digest = hashlib.sha256("\0".join((str(config.seed), *names)).encode()).digest()
    return np.random.Generator(np.random.SFC64(int.from_bytes(digest[:16], "little")))
