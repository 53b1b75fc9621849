"""What stands beside a net for single cells on its own folds: LightGBM, baselines, sanity check."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from cellscreen.comparators.answers import run_answers
from cellscreen.comparators.config import LIGHTGBM
from cellscreen.comparators.honesty_folder import HonestyFolder
from cellscreen.comparators.honesty_sanity import sanity_figures
from cellscreen.comparators.out_of_fold import out_of_fold
from cellscreen.comparators.tabular import Booster
from cellscreen.fitting.run_folder import write_csv
from cellscreen.training.cells.baselines import cell_baselines
from cellscreen.training.cells.data import CellData
from cellscreen.training.cells.levels import voted_levels, with_places
from cellscreen.votes.answers import class_columns
from cellscreen.votes.differences import difference_table
from cellscreen.votes.ranks import rank_table
from cellscreen.votes.standings import LEVEL, RULE

LOGGER = logging.getLogger(__name__)


def write_beside(data: CellData, run: Path, folder: HonestyFolder, split: str, trees: int) -> None:
    """Writes the figures of LightGBM and of the sanity check, and how far all models are apart.

    A net without a table has neither of the first two: what they would read, it does not.

    Args:
        data: cells, table and folds of the split's training.
        run: its run folder, finished.
        folder: of the study.
        split: whose folds they are.
        trees: of LightGBM, a class.

    Raises:
        ConfigError: the run is not finished.
        DataError: a fold leaves no cell of a class to train on.

    Example:
        >>> write_beside(data, run, HonestyFolder(root), "well", 100)  # doctest: +SKIP
    """
    seed, table = data.config.fit.seed, net_columns(data)
    answers = {data.config.net_name: run_answers(run)}
    if table.empty:
        LOGGER.info("The net has no table: nothing for LightGBM or the sanity check to read.")
    else:
        LOGGER.info("LightGBM: %d columns of %d cells, folds by %s.", *table.shape[::-1], split)
        make = Booster(trees, seed, columns=1.0)
        answers[LIGHTGBM] = out_of_fold(data.manifest, lambda _: table, make, data.classes)
        figures = level_figures(LIGHTGBM, answers[LIGHTGBM], data.manifest, data.classes)
        write_csv(figures, folder.boosted(split))
        write_csv(sanity_figures(table, data.manifest), folder.sanity(split))
    answers |= cell_baselines(data, seed)
    write_csv(image_differences(answers, data.manifest, data.classes), folder.differences(split))


def image_differences(
    answers: Mapping[str, pd.DataFrame], manifest: pd.DataFrame, classes: tuple[str, ...]
) -> pd.DataFrame:
    """How far models stand apart on images, at the level and by the rule that lines are read by.

    Args:
        answers: by model a row a held-out cell: `key, fold, label, p_<class>…`; a model without
            any answer has no rows.
        manifest: of the cells.
        classes: class names.

    Returns:
        As `votes.differences.difference_table`, with `level` and `rule`.

    Example:
        >>> image_differences({"net": run_answers(run)}, manifest, classes)  # doctest: +SKIP
    """
    tables, groups = {}, pd.Series(dtype=object)
    for model, said in answers.items():
        known = said.dropna(subset=class_columns(classes)).reset_index(drop=True)
        if len(known):
            (one,) = voted_levels(with_places(known, manifest), classes, (LEVEL,), (RULE,))
            tables[model] = one.table
            groups = groups.combine_first(one.groups.set_axis(one.table["unit"]))
    return difference_table(tables, groups, classes).assign(level=LEVEL, rule=RULE)


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
    known = answers.dropna(subset=class_columns(classes))
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
