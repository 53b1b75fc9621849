"""What stands beside a net for single cells on its own folds: LightGBM, and the sanity check."""

from __future__ import annotations

import logging

import pandas as pd

from cellscreen.comparators.config import LIGHTGBM
from cellscreen.comparators.honesty_folder import HonestyFolder
from cellscreen.comparators.honesty_sanity import sanity_figures
from cellscreen.comparators.out_of_fold import out_of_fold
from cellscreen.comparators.tabular import Booster
from cellscreen.fitting.run_folder import write_csv
from cellscreen.training.cells.data import CellData
from cellscreen.training.cells.levels import voted_levels, with_places
from cellscreen.votes.ranks import rank_table

LOGGER = logging.getLogger(__name__)


def write_beside(data: CellData, folder: HonestyFolder, split: str, trees: int) -> None:
    """Writes the figures of LightGBM and of the sanity check on the folds of a split.

    A net without a table has neither: what they would read, it does not.

    Args:
        data: cells, table and folds of the split's training.
        folder: of the study.
        split: whose folds they are.
        trees: of LightGBM, a class.

    Raises:
        DataError: a fold leaves no cell of a class to train on.

    Example:
        >>> write_beside(load_cells(config), HonestyFolder(root), "well", 100)  # doctest: +SKIP
    """
    table = net_columns(data)
    if table.empty:
        LOGGER.info("The net has no table: nothing for LightGBM or the sanity check to read.")
        return
    LOGGER.info("LightGBM: %d columns of %d cells, folds by %s.", *table.shape[::-1], split)
    make = Booster(trees, data.config.fit.seed, columns=1.0)
    answers = out_of_fold(data.manifest, lambda _: table, make, data.classes)
    figures = level_figures(LIGHTGBM, answers, data.manifest, data.classes)
    write_csv(figures, folder.boosted(split))
    write_csv(sanity_figures(table, data.manifest), folder.sanity(split))


def net_columns(data: CellData) -> pd.DataFrame:
    """The columns of a net's table, a row a cell, on the manifest's index.

    Example:
        >>> net_columns(data).columns.tolist()  # doctest: +SKIP
        ['Cells_AreaShape_Area', 'Cells_Intensity_MeanIntensity_RNA']
    """
    names = list(data.config.net_config.table_features)
    return pd.DataFrame(data.inputs.table, index=data.manifest.index, columns=names)


def level_figures(
    model: str, answers: pd.DataFrame, manifest: pd.DataFrame, classes: tuple[str, ...]
) -> pd.DataFrame:
    """Figures of a model's answers at every level and by every rule, folds pooled.

    Args:
        model: its name.
        answers: a row a held-out cell: `key, group, fold, label, p_<class>…`; cells without an
            answer are left out.
        manifest: of the cells.
        classes: class names.

    Returns:
        `level, rule, model, metric, value, low, high, chance, n_units, n_groups`, as the pooled
        rows of a run's `levels.csv`.

    Example:
        >>> level_figures("lightgbm", answers, data.manifest, data.classes)  # doctest: +SKIP
    """
    known = answers.dropna(subset=[f"p_{name}" for name in classes])
    if lost := len(answers) - len(known):
        LOGGER.warning("%d of %d cells have no answer of %s.", lost, len(answers), model)
    placed = with_places(known.reset_index(drop=True), manifest)
    parts = [
        rank_table(one.table, one.groups, classes).assign(level=one.level, rule=one.rule)
        for one in voted_levels(placed, classes)
    ]
    found = pd.concat(parts, ignore_index=True).assign(model=model)
    first = ["level", "rule", "model"]
    return found[[*first, *(name for name in found if name not in first)]]
