"""Features against the negative controls of their own plate, without a held-out label.

Robust z-scores as pycytominer's `mad_robustize` (median and 1.4826 MAD of the plate's controls).
"""

from __future__ import annotations

import logging

import numpy as np
import pandas as pd

from cellscreen.comparators.unit_features import UnitFeatures

LOGGER = logging.getLogger(__name__)
LEAST_CONTROLS = 4
_TO_SD = 1.4826  # of a MAD, for normally distributed values


def normalised(units: UnitFeatures, manifest: pd.DataFrame, fold: int) -> pd.DataFrame:
    """The features of the manifest's rows in spreads of their plate's negative controls.

    Controls that are a class of the task and are held out by the fold do not count: which wells
    they are is a label. A plate with fewer than four others is measured against all its units,
    whatever they are.

    Args:
        units: of `unit_features`.
        manifest: that they were made for.
        fold: which is held out.

    Returns:
        A row a row of the manifest, float64; NaN where a feature has no spread on the plate.

    Example:
        >>> normalised(units, manifest, fold=0).loc[0]  # doctest: +SKIP
    """
    reference = reference_units(units, manifest, fold)
    parts = [
        _against(units.features.loc[plate.index], units.features.loc[plate.index[plate]])
        for _, plate in reference.groupby(units.plates)
    ]
    return units.of_manifest(pd.concat(parts))


def reference_units(units: UnitFeatures, manifest: pd.DataFrame, fold: int) -> pd.Series:
    """Which units a plate is measured against when a fold is held out, bool by unit."""
    asked = manifest["trained"] & (manifest["fold"] == fold)
    known = units.negcon & ~units.negcon.index.isin(units.rows[asked])
    enough = known.groupby(units.plates).transform("sum") >= LEAST_CONTROLS
    if not enough.all():
        names = sorted(set(units.plates[~enough]))
        LOGGER.warning(
            "%d plates have fewer than %d negative controls outside fold %d (such as %s): "
            "features are normalised to all their wells.",
            *(len(names), LEAST_CONTROLS, fold, names[0]),
        )
    return known | ~enough


def _against(features: pd.DataFrame, controls: pd.DataFrame) -> pd.DataFrame:
    centre = controls.median()
    spread = _TO_SD * (controls - centre).abs().median()
    return (features - centre) / spread.where(spread > 0, np.nan)
