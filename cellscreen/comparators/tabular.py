"""Comparators that need a table of cells only, on the folds of a run."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable

import pandas as pd
from lightgbm import LGBMClassifier
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

from cellscreen.comparators.config import (
    CELL_COUNT,
    INTENSITIES,
    LIGHTGBM,
    POSITION,
    ComparatorConfig,
)
from cellscreen.comparators.out_of_fold import out_of_fold
from cellscreen.comparators.plate_normalise import normalised
from cellscreen.comparators.unit_features import unit_features
from cellscreen.judging.baselines import baseline_predictions

LOGGER = logging.getLogger(__name__)
_INTENSITY = re.compile("mean_.*_Intensity_MeanIntensity_.*")


def tabular_answers(
    cells: pd.DataFrame,
    manifest: pd.DataFrame,
    classes: tuple[str, ...],
    config: ComparatorConfig,
    seed: int = 0,
) -> dict[str, pd.DataFrame]:
    """Out-of-fold answers of every comparator that a table of cells can give.

    `lightgbm_features` is LightGBM on all features (MID paper, CellProfiler and DeepProfiler data
    processing), `mean_intensities` a logistic regression on the mean of each channel over nuclei
    or cells, both aggregated per bag and normalised to the plate's negative controls;
    `cell_count` and `well_position` are logistic regressions on just that.

    Args:
        cells: a row a cell, of `pipelines.cell_table.read_cell_table`.
        manifest: the run's folds, a row a bag.
        classes: class names.
        config: which of them, and how.
        seed: of LightGBM.

    Returns:
        By name a frame `key, group, fold, label, p_<class>…`, as the run's own predictions.

    Raises:
        DataError: the cells are of other plates, or a fold cannot be trained.

    Example:
        >>> tabular_answers(cells, manifest, ("nontoxic", "toxic"), config)  # doctest: +SKIP
    """
    statistics = tuple(dict.fromkeys([*config.statistics, "mean"]))
    units = unit_features(cells, manifest, statistics)
    by_fold = _Remembered(lambda fold: normalised(units, manifest, fold))
    names = [str(name) for name in units.features]
    chosen = [name for name in names if name.partition("_")[0] in config.statistics]
    bright = [name for name in names if _INTENSITY.fullmatch(name)]
    found = {}
    if LIGHTGBM in config.comparators:
        LOGGER.info("LightGBM: %d features of %d bags.", len(chosen), len(manifest))
        make = Booster(config.trees, seed)
        found[LIGHTGBM] = out_of_fold(manifest, lambda f: by_fold(f)[chosen], make, classes)
    if INTENSITIES in config.comparators and bright:
        columns = _Remembered(lambda fold: by_fold(fold)[bright])
        found[INTENSITIES] = out_of_fold(manifest, columns, logistic, classes)
    counts = units.of_manifest(units.cells.to_frame())[0].fillna(0.0)
    plain = baseline_predictions(manifest, classes, {CELL_COUNT: counts})
    return found | {n: plain[n] for n in (CELL_COUNT, POSITION) if n in config.comparators}


def logistic() -> Pipeline:
    """A logistic regression on standardised columns; what is undefined takes the median."""
    return make_pipeline(
        SimpleImputer(strategy="median"), StandardScaler(), LogisticRegression(max_iter=2000)
    )


class Booster:
    """Makes LightGBM classifiers that answer the same on every run.

    Args:
        trees: of each class.
        seed: of the draws of rows and columns.
        columns: share of the columns that a tree sees.
    """

    def __init__(self, trees: int, seed: int, columns: float = 0.3) -> None:
        self._trees, self._seed, self._columns = trees, seed, columns

    def __call__(self) -> LGBMClassifier:
        """Returns an unfitted classifier."""
        return LGBMClassifier(
            n_estimators=self._trees,
            learning_rate=0.05,
            num_leaves=15,
            min_child_samples=10,
            subsample=0.8,
            subsample_freq=1,
            colsample_bytree=self._columns,
            random_state=self._seed,
            n_jobs=1,  # waiting threads cost more than they save at a few thousand rows
            deterministic=True,
            force_row_wise=True,
            verbose=-1,
        )


class _Remembered:
    """The columns of each fold, computed once."""

    def __init__(self, make: Callable[[int], pd.DataFrame]) -> None:
        self._make, self._known = make, dict[int, pd.DataFrame]()

    def __call__(self, fold: int) -> pd.DataFrame:
        if fold not in self._known:
            self._known[fold] = self._make(fold)
        return self._known[fold]
