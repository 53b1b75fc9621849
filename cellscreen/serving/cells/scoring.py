"""A trained model and prepared cells to a score table: cells answer and vote, plate by plate."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from tqdm import tqdm

from cellscreen.errors import ConfigError, DataError
from cellscreen.pipelines.bag_index import well_key
from cellscreen.pipelines.selection import select
from cellscreen.records.failures import EMPTY, REASON_EMPTY
from cellscreen.screening.scores import IMAGE
from cellscreen.serving.cells.fit import check_fields
from cellscreen.serving.cells.scorer import CellScorer
from cellscreen.serving.common.held_out import HeldFold, together
from cellscreen.serving.common.score_table import CELLS, score_table
from cellscreen.serving.common.scored import Scored
from cellscreen.training.cells.parts import UsedCells, image_frame, used_cells
from cellscreen.votes.answers import class_columns
from cellscreen.votes.rules import vote

_WELL = ["Metadata_Plate", "Metadata_Well"]
_OF_EMPTY = {"plate": "Metadata_Plate", "well": "Metadata_Well", "site": "Metadata_Site"}


def score_cells(
    scorer: CellScorer,
    folders: Sequence[Path],
    level: str = IMAGE,
    rule: str = "mean",
    where: str = "",
) -> pd.DataFrame:
    """Scores every image or well of prepared plates by a vote of its cells.

    A cell is answered by the net that held its image out; see `CellRunScorer`. Cells without a
    perimeter are left out as in training. An image without cells is not scored: its scores are
    NaN, and `Metadata_not_scored` says why. Cells are read and asked plate by plate.

    Args:
        scorer: from `openers.open_model`.
        folders: prepared directories of the kind `cells`.
        level: `image` or `well`; `screening.scores.treatments_of_wells` makes treatments of wells.
        rule: of `votes.rules.RULES`; scores of `majority` are shares of votes.
        where: which images, in the grammar of `pipelines.selection.select`; empty is all.

    Returns:
        A score table of that level, with `Metadata_cells`; `…_sd` is the SD over cells (n - 1).

    Raises:
        ConfigError: the cells have other channels, planes or flows than the model's, or `where`
            names what is not there, or no image.
        ScoreError: an image cannot be scored honestly.
        DataError: a net answers NaN or infinity.
        RecordError: the prepared plates differ or are damaged.

    Example:
        >>> folders = prepared_plates("records", "cpjump1", "cells")  # doctest: +SKIP
        >>> score_cells(open_model("runs/cells"), folders)["Score_compound_DMSO"]  # doctest: +SKIP
    """
    for folder in folders:
        check_fields(scorer.config, scorer.fields, Path(folder))
    everything = dataclasses.replace(scorer.config.data, where="")
    used = used_cells(dataclasses.replace(scorer.config, data=everything), list(folders))
    fields = _all_fields(folders, image_frame(used.index))
    fields = fields[select(fields, where)]
    if fields.empty:
        raise ConfigError(f"Expected images to score; none meets {where!r}.")
    unit = fields["key"] if level == IMAGE else fields.apply(well_key, axis=1)
    units = _units(fields, unit)
    unit_of = dict(zip(fields["key"], unit, strict=True))
    plates = list(fields.groupby("Metadata_Plate", sort=False)["key"])
    scored: dict[str, Scored] = {}
    for _, keys in tqdm(plates, unit=" plates", desc="Scoring"):
        scored |= _score_plate(scorer, _of_fields(used, keys), unit_of, rule)
    answers = [scored.get(key, _unscored(scorer)) for key in units["key"]]
    keys, n_images = units["key"].tolist(), units["n_images"].tolist()
    return score_table(scorer, units, keys, answers, level, n_images)


def _score_plate(
    scorer: CellScorer, used: UsedCells, unit_of: dict[str, str], rule: str
) -> dict[str, Scored]:
    """The answer of every image or well of a plate that has cells."""
    if not len(used.table):
        return {}
    answers, folds = scorer.answer(used, image_frame(used.index))
    _check_finite(answers, used)
    of_field = pd.Series([unit_of[key] for key in used.index.fields["key"]], dtype=object)
    unit, classes = used.index.of_cells(of_field), scorer.config.data.classes
    names = class_columns(classes)
    frame = pd.DataFrame(answers.astype(np.float64), columns=names)
    votes = vote(frame.assign(label=-1), unit, classes, rule).set_index("unit")
    deviations, who = frame.groupby(unit, sort=False).std(), _folds(of_field, folds)
    return {
        key: Scored(
            votes.loc[key, names].to_numpy(np.float64), deviations.loc[key].to_numpy(), *who[key]
        )
        for key in votes.index
    }


def _units(fields: pd.DataFrame, unit: pd.Series) -> pd.DataFrame:
    """A row an image or well: `key`, `n_images`, cells, and the metadata that all of its share."""
    metadata = fields.filter(like="Metadata_")
    grouped = metadata.groupby(unit, sort=False)
    varies = (grouped.nunique(dropna=False) > 1).any()
    units = grouped.first().drop(columns=varies.index[varies])
    units[CELLS] = fields["cells"].groupby(unit, sort=False).sum().astype(int)
    units["n_images"] = grouped.size()
    return units.rename_axis("key").reset_index()


def _folds(of_field: pd.Series, folds: list[HeldFold]) -> dict[str, HeldFold]:
    """Who answered for each unit: several nets, where its fields were in several folds."""
    return {
        str(key): together([folds[row] for row in rows])
        for key, rows in of_field.groupby(of_field, sort=False).indices.items()
    }


def _all_fields(folders: Sequence[Path], images: pd.DataFrame) -> pd.DataFrame:
    """Fields with cells, and those in which none was found, with what their well is known by."""
    files = [path for path in (Path(folder) / EMPTY for folder in folders) if path.is_file()]
    listed = [pd.read_csv(path, dtype=str, keep_default_na=False) for path in files]
    known = images.filter(like="Metadata_").drop(columns="Metadata_Site").drop_duplicates(_WELL)
    empty = [one.rename(columns=_OF_EMPTY).drop(columns="reason") for one in listed]
    without = [one.merge(known, on=_WELL, how="left").assign(cells=0) for one in empty if len(one)]
    return pd.concat([images, *without], ignore_index=True)


def _of_fields(used: UsedCells, keys: pd.Series) -> UsedCells:
    """The cells of some fields only."""
    cells = used.index.of_cells(used.index.fields["key"].isin(keys)).to_numpy()
    return dataclasses.replace(
        used,
        index=used.index.selected(cells),
        table=used.table[cells],
        intensities=used.intensities[cells],
    )


def _unscored(scorer: CellScorer) -> Scored:
    undefined = np.full(len(scorer.columns), np.nan)
    return Scored(undefined, undefined, None, False, REASON_EMPTY)


def _check_finite(answers: np.ndarray, used: UsedCells) -> None:
    odd = ~np.isfinite(answers).all(axis=1)
    if odd.any():
        raise DataError(
            f"The net answers {odd.sum()} of {len(odd)} cells with NaN or infinity, the first is "
            f"{used.index.keys[odd.argmax()]}."
        )
