"""Copies of an image across folds, found by perceptual hashes where these can tell."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

# A hash of N neighbouring bits that differ (of 112) may be off by 2 bits from 20 on, 4 from 28, 6
# from 36. Below 20 the hash is that of the illumination, which strangers share.
DETAIL_STEPS = (20, 28, 36)
BITS_A_STEP = 2
BLOCK = 2**20  # pairs compared at a time: 8 MiB of hashes
NAMED = 3


def copy_warnings(manifest: pd.DataFrame, digests: pd.Series) -> list[str]:
    """Sentences on images in different folds that look like copies of one image.

    Args:
        manifest: of `folds.assign_folds`.
        digests: the perceptual hash of every row, 16 hexadecimal digits, on the same index.

    Returns:
        One sentence on the copies, one where hashes are too plain to tell; none if neither.

    Example:
        >>> copy_warnings(manifest, frame["perceptual_hash"])  # doctest: +SKIP
        []
    """
    hashes = np.array([int(digest, 16) for digest in digests], np.uint64)
    tolerances = hash_tolerances(hashes)
    folds, trained = manifest["fold"].to_numpy(), manifest["trained"].to_numpy()
    n_pairs = 0
    named: list[tuple[int, int]] = []
    for first, second in near_pairs(hashes, tolerances):
        learnt = trained[first] & (folds[second] >= 0) | trained[second] & (folds[first] >= 0)
        leaky = (folds[first] != folds[second]) & learnt
        n_pairs += int(leaky.sum())
        some = np.flatnonzero(leaky)[: NAMED - len(named)]
        named += list(zip(first[some], second[some], strict=True))
    warnings = []
    if n_pairs:
        keys = manifest["key"].to_numpy()
        pairs = "; ".join(
            f"{keys[a]} ({_part(folds[a])}) and {keys[b]} ({_part(folds[b])})" for a, b in named
        )
        warnings.append(
            "Leak: images in different folds look like copies of one image by their perceptual "
            f"hashes (pairs found: {n_pairs}): {pairs}{'; …' if n_pairs > len(named) else ''}."
        )
    blank = int((tolerances == 0).sum())
    if 2 * blank > len(hashes):
        warnings.append(
            f"Copies across folds cannot be seen in {blank} of {len(hashes)} images: their "
            "perceptual hashes show little but the illumination."
        )
    return warnings


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
