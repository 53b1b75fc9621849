"""What folds cannot keep apart: copies of an image across folds, and metadata that give the label.

`folds.check_manifest` stops at a group or a file in two folds; what is found here is a matter of
degree, so it is said with its figure and the training goes on.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder

from cellscreen.plates.key import well_position

# A hash of N neighbouring bits that differ (of 112) may be off by 2 bits from 20 on, 4 from 28, 6
# from 36. Below 20 the hash is that of the illumination, which strangers share.
DETAIL_STEPS = (20, 28, 36)
BITS_A_STEP = 2
BLOCK = 2**20  # pairs compared at a time: 8 MiB of hashes
NAMED = 3
MARGIN, STANDARD_ERRORS = 0.1, 3.0


def leak_warnings(manifest: pd.DataFrame, frame: pd.DataFrame) -> list[str]:
    """Leaks that remain in a checked manifest, as sentences with their figures.

    Args:
        manifest: of `folds.assign_folds`.
        frame: the records' metadata on the same index, `perceptual_hash` among its columns.

    Returns:
        One sentence a finding; none where nothing was found.
    """
    trained = manifest[manifest["trained"]]
    batch = trained.get("Metadata_batch", pd.Series("", index=trained.index))
    warnings = _copies(manifest, frame["perceptual_hash"].loc[manifest.index])
    warnings += _by_block("plate", trained["Metadata_Plate"].astype(str), trained)
    warnings += _by_block("batch", batch.fillna("").astype(str), trained)
    positions = trained["Metadata_Well"].map(well_position)
    if positions.notna().all() and positions.nunique() > 1:
        warnings += _by_prediction("well position", position_columns(positions), trained)
    return warnings


def position_columns(positions: pd.Series) -> np.ndarray:
    """Row, column and well of positions such as `A01`, as `(n, 3)` text to one-hot encode."""
    letters = positions.str.extract(r"^([A-Z]+)(\d+)$")
    return np.column_stack([letters[0], letters[1], positions]).astype(object)


def _copies(manifest: pd.DataFrame, digests: pd.Series) -> list[str]:
    hashes = np.array([int(digest, 16) for digest in digests], np.uint64)
    tolerances = hash_tolerances(hashes)
    folds, trained = manifest["fold"].to_numpy(), manifest["trained"].to_numpy()
    n_pairs = 0
    named: list[tuple[int, int]] = []
    for first, second in near_pairs(hashes, tolerances):
        leaky = (folds[first] != folds[second]) & (trained[first] | trained[second])
        n_pairs += int(leaky.sum())
        some = np.flatnonzero(leaky)[: NAMED - len(named)]
        named += list(zip(first[some], second[some], strict=True))
    warnings = []
    if n_pairs:
        keys = manifest["key"].to_numpy()
        pairs = "; ".join(
            f"{keys[a]} (fold {folds[a]}) and {keys[b]} (fold {folds[b]})" for a, b in named
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


def _by_block(name: str, values: pd.Series, trained: pd.DataFrame) -> list[str]:
    """What a plate or batch gives away; one with a single well each is a group, not a block."""
    wells = trained["Metadata_Plate"].astype(str) + "/" + trained["Metadata_Well"].astype(str)
    if not 1 < values.nunique() < wells.nunique():
        return []
    classes = trained.groupby(values)["label"]
    plural = "batches" if name == "batch" else f"{name}s"
    if (classes.nunique() == 1).all():
        some = ", ".join(list(dict.fromkeys(values))[:NAMED])
        return [
            f"Every {name} holds one class only ({values.nunique()} {plural}, such as {some}): "
            f"{name} and class cannot be told apart by design."
        ]
    if (trained.groupby(values)["fold"].nunique() > 1).any():
        return _by_prediction(name, values.to_numpy(object)[:, None], trained)
    purity = classes.agg(lambda labels: labels.value_counts().iloc[0]).sum() / len(trained)
    majority = trained["label"].value_counts(normalize=True).iloc[0]
    if purity <= (1 + majority) / 2:
        return []
    return [
        f"The {name} gives the label of {purity:.3f} of the images (majority class "
        f"{majority:.3f}); as no {name} is in two folds, held-out images cannot show it."
    ]


def _by_prediction(name: str, columns: np.ndarray, trained: pd.DataFrame) -> list[str]:
    """Warns where a column alone predicts held-out labels beyond what chance does by group."""
    labels, folds = trained["label"].to_numpy(), trained["fold"].to_numpy()
    classes = np.unique(labels)
    scores = np.zeros((len(labels), len(classes)))
    for fold in np.unique(folds):
        train, test = folds != fold, folds == fold
        model = make_pipeline(OneHotEncoder(handle_unknown="ignore"), LogisticRegression())
        scores[test] = model.fit(columns[train], labels[train]).predict_proba(columns[test])
    accuracy = float((classes[scores.argmax(axis=1)] == labels).mean())
    majority = float((labels[:, None] == classes).mean(axis=0).max())
    auroc = float(roc_auc_score(labels, scores[:, 1])) if len(classes) == 2 else 0.0
    for_accuracy, for_auroc = _chance(trained, majority)
    if accuracy <= majority + for_accuracy and auroc <= 0.5 + for_auroc:
        return []
    ranked = f", AUROC {auroc:.3f}" if len(classes) == 2 else ""
    return [
        f"The {name} alone predicts the label of held-out images with accuracy "
        f"{accuracy:.3f} (majority class {majority:.3f}){ranked}: a net may learn the {name} "
        "instead of the cells."
    ]


def _chance(trained: pd.DataFrame, majority: float) -> tuple[float, float]:
    """Rises of accuracy and AUROC that chance may give: images of a group are not independent."""
    n_groups = trained["group"].nunique()
    sizes = trained.groupby("label")["group"].nunique().to_numpy(np.float64)
    accuracy = np.sqrt(majority * (1 - majority) / n_groups)
    auroc = np.sqrt((sizes.sum() + 1) / (12 * sizes.prod()))  # of the Mann-Whitney statistic
    return max(MARGIN, STANDARD_ERRORS * accuracy), max(MARGIN, STANDARD_ERRORS * auroc)
