"""Copies of an image across the parts of a fold, found by perceptual hashes where these tell."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
import pandas as pd

# A hash of N neighbouring bits that differ (of 112) may be off by 2 bits from 20 on, 4 from 28, 6
# from 36. Below 20 the hash is that of the illumination, which strangers share.
DETAIL_STEPS = (20, 28, 36)
BITS_A_STEP = 2
BLOCK = 2**20  # pairs compared at a time: 8 MiB of hashes
NAMED = 3


def copy_warnings(manifest: pd.DataFrame, digests: pd.Series) -> list[str]:
    """Sentences on images in different parts that look like copies of one image.

    Args:
        manifest: of `folds.assign_folds`.
        digests: the perceptual hash of every row, 16 hexadecimal digits, on the same index.

    Returns:
        One sentence on copies across folds, one on copies across training and validation within
        a fold, one where hashes are too plain to tell; none if nothing is to say.

    Example:
        >>> copy_warnings(manifest, frame["perceptual_hash"])  # doctest: +SKIP
        []
    """
    hashes = np.array([int(digest, 16) for digest in digests], np.uint64)
    tolerances = hash_tolerances(hashes)
    folds, trained = manifest["fold"].to_numpy(), manifest["trained"].to_numpy()
    leaks, inner = _Pairs(), _Pairs()
    parts, validates = manifest["inner"].to_numpy(), _validates(manifest)
    for first, second in near_pairs(hashes, tolerances):
        learnt = trained[first] & (folds[second] >= 0) | trained[second] & (folds[first] >= 0)
        apart = folds[first] != folds[second]
        leaks.add(first, second, apart & learnt)
        both = trained[first] & trained[second] & (validates[first] | validates[second])
        inner.add(first, second, ~apart & both & (parts[first] != parts[second]))
    warnings = []
    keys = manifest["key"].to_numpy()
    if leaks.count:
        places = {row: f"{keys[row]} ({_part(folds[row])})" for row in leaks.rows}
        warnings.append(
            "Leak: images in different folds look like copies of one image by their perceptual "
            f"hashes (pairs found: {leaks.text(places)}."
        )
    if inner.count:
        warnings.append(
            "Images for training and for validation within a fold look like copies of one image by "
            f"their perceptual hashes (pairs found: {inner.text(dict(enumerate(keys)))}. Held-out "
            "figures stand; early stopping and calibration may be too sure."
        )
    blank = int((tolerances == 0).sum())
    if 2 * blank > len(hashes):
        warnings.append(
            f"Copies across folds cannot be seen in {blank} of {len(hashes)} images: their "
            "perceptual hashes show little but the illumination."
        )
    return warnings


class _Pairs:
    """Counts pairs of rows and keeps the first few to name."""

    def __init__(self) -> None:
        self.count = 0
        self.named: list[tuple[int, int]] = []

    @property
    def rows(self) -> set[int]:
        return {row for pair in self.named for row in pair}

    def add(self, first: np.ndarray, second: np.ndarray, chosen: np.ndarray) -> None:
        self.count += int(chosen.sum())
        some = np.flatnonzero(chosen)[: NAMED - len(self.named)]
        self.named += [(int(first[one]), int(second[one])) for one in some]

    def text(self, names: Mapping[int, str]) -> str:
        """`2): a and b; c and d`."""
        pairs = "; ".join(f"{names[a]} and {names[b]}" for a, b in self.named)
        return f"{self.count}): {pairs}{'; …' if self.count > len(self.named) else ''}"


def _validates(manifest: pd.DataFrame) -> np.ndarray:
    """Rows that some fit validates on, as `folds.validation_rows` chooses them."""
    fold, inner = manifest["fold"].to_numpy(), manifest["inner"].to_numpy()
    chosen, n_parts = np.zeros(len(manifest), bool), int(inner.max()) + 1
    if n_parts:
        for number, held_out in enumerate(np.unique(fold[fold >= 0])):
            chosen |= (inner == number % n_parts) & (fold != held_out)
    return chosen & manifest["trained"].to_numpy()


def _part(fold: int) -> str:
    return f"fold {fold}" if fold >= 0 else "training"


def hash_tolerances(hashes: np.ndarray) -> np.ndarray:
    """Bits by which another hash may differ and still be that of a copy; 0 where none can tell.

    A thumbnail that shows the illumination alone has large areas of equal bits, and so have many
    others; the more neighbouring bits differ, the more the hash says of the field itself.

    Args:
        hashes: `(n,)` uint64, each a difference hash of 8×8 bits.

    Returns:
        `(n,)` int, 0 to 6.
    """
    bits = np.unpackbits(hashes.astype(">u8").view(np.uint8).reshape(-1, 8, 1), axis=2)
    down = np.count_nonzero(bits[:, 1:] != bits[:, :-1], axis=(1, 2))
    across = np.count_nonzero(bits[:, :, 1:] != bits[:, :, :-1], axis=(1, 2))
    return BITS_A_STEP * np.searchsorted(DETAIL_STEPS, down + across, side="right")


def near_pairs(
    hashes: np.ndarray, tolerances: np.ndarray
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Pairs of hashes that differ by no more bits than both tolerate, in blocks of equal memory.

    Args:
        hashes: `(n,)` uint64.
        tolerances: of `hash_tolerances`; a hash with 0 is in no pair.

    Yields:
        Indices `(first, second)` of the pairs of a block, first below second.
    """
    telling = np.flatnonzero(tolerances)
    hashes, tolerances = hashes[telling], tolerances[telling].astype(np.uint8)
    start = 0
    while start < len(hashes):
        rows = slice(start, start + max(BLOCK // (len(hashes) - start), 1))
        differing = np.bitwise_count(hashes[rows, None] ^ hashes[None, start:])
        first, second = np.nonzero(differing <= tolerances.max())
        apart = differing[first, second]
        first, second = first + start, second + start
        near = apart <= np.minimum(tolerances[first], tolerances[second])
        near &= first < second
        yield telling[first[near]], telling[second[near]]
        start = rows.stop
