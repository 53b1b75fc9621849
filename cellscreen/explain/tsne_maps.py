"""Maps of profiles by t-SNE, and how well compounds lie apart, before and after the set encoder.

As MID's Fig. 3c-e and 4a-f: PCA, then scikit-learn's t-SNE. The paper gives the silhouette of its
maps. A map pulls neighbours together and says nothing of distances, so the silhouette is given in
the space of the principal components, too, and that one is to be believed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from sklearn.decomposition import PCA
from sklearn.manifold import TSNE
from sklearn.metrics import silhouette_score

from cellscreen.explain.spaces import COMPOUND, centred, feature_columns, spaces, treated
from cellscreen.plates.columns import PREFIX

COMPONENTS, PERPLEXITY = 50, 30.0
MOST_POINTS = 600  # exact t-SNE takes seconds for these
FEWEST_POINTS = 5
MEAN = "mean"
_ALMOST_CONSTANT = 1e-9


@dataclass(frozen=True)
class ProfileMap:
    """Profiles of compounds in one net's space.

    Attributes:
        fold: of the net, -1 where no net made the profiles.
        points: `Metadata_*` of each profile, and `x`, `y` of the map, NaN where none was drawn.
        features: how many were used; those with a value undefined, or always the same, were not.
        left_out: how many were not.
        silhouette: of compounds over principal components, -1 to 1; NaN where undefined.
        silhouette_map: over the map, as the paper; NaN where undefined.
        reason: why something is undefined; empty where nothing is.
    """

    fold: int
    points: pd.DataFrame
    features: int
    left_out: int
    silhouette: float
    silhouette_map: float
    reason: str = ""


def profile_map(
    profiles: pd.DataFrame, fold: int = -1, *, by: str = COMPOUND, seed: int = 0, draw: bool = True
) -> ProfileMap:
    """Maps the profiles of compounds of one space.

    Features are centred by plate, brought to a standard deviation of 1, and projected on at most
    50 principal components; t-SNE (exact, not by Barnes-Hut, whose threads would change it) takes
    these. More than 600 profiles are thinned at random, the same way every time.

    Args:
        profiles: of one space, controls among them.
        fold: of the net that made them.
        by: the column that silhouettes are of.
        seed: of thinning and t-SNE.
        draw: whether a map is made, which takes longest.

    Example:
        >>> profile_map(wells).silhouette  # doctest: +SKIP
        0.12
    """
    moved, _ = centred(profiles)
    moved = _thinned(moved[treated(moved)].reset_index(drop=True), seed)
    components, used, left_out = _components(moved)
    labels = moved[by].astype(str).to_numpy()
    metadata = moved[[name for name in moved if str(name).startswith(PREFIX)]]
    reason = _why_undefined(labels, used)
    places = np.full((len(moved), 2), np.nan)
    if draw and used and len(moved) >= FEWEST_POINTS:
        places = _tsne(components, seed)
    return ProfileMap(
        fold=fold,
        points=metadata.assign(x=places[:, 0], y=places[:, 1]),
        features=used,
        left_out=left_out,
        silhouette=_silhouette(components, labels, reason),
        silhouette_map=_silhouette(places, labels, reason),
        reason=reason,
    )


def profile_maps(
    tables: Mapping[str, pd.DataFrame], *, by: str = COMPOUND, seed: int = 0, drawn: int = 1
) -> dict[str, list[ProfileMap]]:
    """Maps of several kinds of profiles, one for each net's space, side by side.

    Args:
        tables: profiles by name, over the same wells (`spaces.into_spaces`).
        by: the column that silhouettes are of.
        seed: of thinning and t-SNE.
        drawn: for how many spaces t-SNE is run, the largest first; silhouettes over principal
            components are of all.

    Returns:
        The maps of each table, in the order of its folds.
    """
    found = {}
    for name, table in tables.items():
        parts = list(spaces(table))
        largest = sorted(parts, key=lambda part: (-int(treated(part[1]).sum()), part[0]))
        chosen = {fold for fold, _ in largest[:drawn]}
        found[name] = [
            profile_map(part, fold, by=by, seed=seed, draw=fold in chosen) for fold, part in parts
        ]
    return found


def silhouette_table(maps: Mapping[str, list[ProfileMap]], by: str = COMPOUND) -> pd.DataFrame:
    """How well compounds lie apart, for each kind of profile and net, and the mean over nets.

    Returns:
        `profiles, fold, n_profiles, n_compounds, n_features, silhouette, silhouette_map, reason`;
        a row a net, then one of `fold` "mean" whose `silhouette_sd` is the SD over nets (n - 1).
        NaN where undefined; an undefined net is not in the mean, and `reason` counts it.
    """
    rows: list[dict[str, object]] = []
    for name, of_nets in maps.items():
        own = [_row(name, one, by) for one in of_nets]
        defined = [one.silhouette for one in of_nets if not np.isnan(one.silhouette)]
        lacking = len(own) - len(defined)
        mean = {
            "profiles": name,
            "fold": MEAN,
            "n_profiles": sum(len(one.points) for one in of_nets),
            "n_compounds": len({label for one in of_nets for label in one.points[by]}),
            "n_features": own[0]["n_features"],
            "silhouette": np.mean(defined) if defined else np.nan,
            "silhouette_sd": np.std(defined, ddof=1) if len(defined) > 1 else np.nan,
            "silhouette_map": np.nan,
            "reason": f"{lacking} of {len(own)} nets undefined" if lacking else "",
        }
        rows += [*own, mean]
    return pd.DataFrame(rows)


def _row(name: str, one: ProfileMap, by: str) -> dict[str, object]:
    return {
        "profiles": name,
        "fold": str(one.fold) if one.fold >= 0 else "all",
        "n_profiles": len(one.points),
        "n_compounds": one.points[by].nunique(),
        "n_features": one.features,
        "silhouette": one.silhouette,
        "silhouette_sd": np.nan,
        "silhouette_map": one.silhouette_map,
        "reason": one.reason,
    }


def _thinned(profiles: pd.DataFrame, seed: int) -> pd.DataFrame:
    if len(profiles) <= MOST_POINTS:
        return profiles
    kept = np.random.default_rng(seed).permutation(len(profiles))[:MOST_POINTS]
    return profiles.iloc[np.sort(kept)].reset_index(drop=True)


def _components(profiles: pd.DataFrame) -> tuple[np.ndarray, int, int]:
    """Principal components `(profiles, at most 50)`, features used, features not used."""
    values = profiles[feature_columns(profiles)].to_numpy(np.float64)
    if not len(values):
        return np.zeros((0, 0)), 0, values.shape[1]
    finite = np.isfinite(values).all(axis=0)
    spread = np.where(finite, values, 0).std(axis=0)
    size = np.abs(np.where(finite, values, 0)).max(axis=0)
    used = finite & (spread > _ALMOST_CONSTANT * np.maximum(size, 1))
    if not used.any():
        return np.zeros((len(values), 0)), 0, values.shape[1]
    standard = (values[:, used] - values[:, used].mean(axis=0)) / spread[used]
    count = min(COMPONENTS, len(standard), int(used.sum()))
    found = PCA(count, svd_solver="full").fit_transform(standard)
    return found, int(used.sum()), int((~used).sum())


def _tsne(components: np.ndarray, seed: int) -> np.ndarray:
    perplexity = min(PERPLEXITY, (len(components) - 1) / 3)
    init = "pca" if components.shape[1] > 1 else "random"
    maker = TSNE(
        perplexity=perplexity, init=init, method="exact", learning_rate="auto", random_state=seed
    )
    return maker.fit_transform(components).astype(np.float64)


def _why_undefined(labels: np.ndarray, features: int) -> str:
    kinds = len(set(labels))
    if not features:
        return "no feature varies"
    if kinds < 2:
        return f"{kinds} compound{'s' * (kinds != 1)}, two are needed"
    return "no compound has two profiles" if kinds == len(labels) else ""


def _silhouette(places: np.ndarray, labels: np.ndarray, reason: str) -> float:
    if reason or np.isnan(places).any():
        return float("nan")
    return float(silhouette_score(places, labels))
