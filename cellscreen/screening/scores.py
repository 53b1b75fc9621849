"""The score table: one parquet, a row per image (or well, or treatment), read by all verdicts.

Columns: every `Metadata_*` of the plate table, then `key, level, model_id, fold, n_images`, then
`Score_<task>_<class>` with its `…_sd`. One parquet holds one level; of edge nets images are the
default, since wells and treatments follow from them by `aggregate` and not the other way round.

A row that was not scored, such as a well without cells, has NaN scores and says why in
`Metadata_not_scored`. `read_scores` leaves such rows out, and warns of them.

pycytominer and copairs read the table as it is. pycytominer's `infer` does not see the columns
`Score_…`, so name them: `features=score_columns(table)`, which leaves out the `…_sd` (they may be
empty, and copairs refuses empty features).
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from cellscreen import atomic
from cellscreen.errors import ScoreError
from cellscreen.screening.not_scored import NOT_SCORED, common_reason, is_lost, scored_rows

IMAGE, WELL, TREATMENT = "image", "well", "treatment"
FIXED_COLUMNS = ("key", "level", "model_id", "fold", "n_images")
WELL_COLUMNS = ("Metadata_Plate", "Metadata_Well")
TREATMENT_COLUMNS = (
    "Metadata_cell_line",
    "Metadata_batch",
    "Metadata_condition",
    "Metadata_hours",
    "Metadata_control_type",
    "Metadata_pert_iname",
    "Metadata_concentration_um",
)
_GROUPS = {WELL: WELL_COLUMNS, TREATMENT: TREATMENT_COLUMNS}
_OF_A_WELL = (*TREATMENT_COLUMNS, "Metadata_Timepoint", "Metadata_simulated")
_BELOW_A_WELL = ("Metadata_Site", "Metadata_Plane")
_MAKE = "Make the table with `cellscreen score`."


def score_column(task: str, name: str) -> str:
    """Returns the column with the probability of class `name`: `Score_<task>_<name>`.

    Example:
        >>> score_column("hypoxia", "normoxia")
        'Score_hypoxia_normoxia'
    """
    return f"Score_{task}_{name}"


def score_columns(scores: pd.DataFrame) -> list[str]:
    """Returns the score columns without their `…_sd`, in the order of the table."""
    named = [column for column in scores.columns if column.startswith("Score_")]
    return [column for column in named if column.removesuffix("_sd") not in {*named} - {column}]


def write_scores(scores: pd.DataFrame, path: str | Path) -> None:
    """Writes a score table as parquet, whole or not at all.

    Args:
        scores: a score table; `Metadata_*` columns are put first.
        path: the parquet to be made.

    Raises:
        ScoreError: the table lacks a column, has a NaN score without a reason, two rows of a key
            or two levels.
    """
    check_scores(scores)
    metadata = [column for column in scores.columns if column.startswith("Metadata_")]
    rest = [c for c in scores.columns if c not in {*metadata, *FIXED_COLUMNS}]
    ordered = scores[[*metadata, *FIXED_COLUMNS, *rest]]
    with atomic.replacing(path) as temporary:
        ordered.astype({"fold": "Int64", "n_images": "int64"}).to_parquet(temporary, index=False)


def read_scores(path: str | Path) -> pd.DataFrame:
    """Reads one score table and checks it; rows that were not scored are left out, with a warning.

    Raises:
        ScoreError: no such file, not a parquet, or not a score table; says what is missing. Or no
            row is scored.
    """
    path = Path(path)
    if not path.is_file():
        raise ScoreError("Expected a score table, got no such file.", file=path, fix=_MAKE)
    try:
        scores = pd.read_parquet(path)
    except (OSError, ValueError) as error:
        raise ScoreError(f"Expected a parquet, got: {error}.", file=path, fix=_MAKE) from error
    check_scores(scores, file=path)
    scores = scored_rows(scores, path)
    return scores.astype({"fold": "Int64", "n_images": "int64"})


def join_scores(tables: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """Returns the rows of several score tables, for example of two experts, as one table.

    Raises:
        ScoreError: two tables score the same key, or they are of different levels.
    """
    columns = list(dict.fromkeys(column for table in tables for column in table.columns))
    # A column that is empty throughout has no type of its own, and would give the result one.
    filled = [table.dropna(axis="columns", how="all") for table in tables]
    joined = pd.concat(filled, ignore_index=True).reindex(columns=columns)
    check_scores(joined)
    return joined.astype({"fold": "Int64", "n_images": "int64"})


def check_scores(scores: pd.DataFrame, *, file: str | Path | None = None) -> None:
    """Raises `ScoreError`, naming `file`, if `scores` is not a score table of one level."""
    where = None if file is None else Path(file)
    missing = [column for column in FIXED_COLUMNS if column not in scores]
    if not score_columns(scores):
        missing.append("Score_<task>_<class>")
    if missing:
        raise ScoreError(
            f"Expected the columns of a score table, missing: {', '.join(missing)}.",
            file=where,
            fix=_MAKE,
        )
    if scores.empty:
        raise ScoreError("Expected a row an image, got an empty table.", file=where, fix=_MAKE)
    level = _one_level(scores, where)
    wanted = [c for c in WELL_COLUMNS if level != TREATMENT and c not in scores]
    wanted += [f"{c}_sd" for c in score_columns(scores) if f"{c}_sd" not in scores]
    if wanted:
        raise ScoreError(
            f"Expected the columns of a score table, missing: {', '.join(wanted)}.",
            file=where,
            fix=_MAKE,
        )
    _check_rows(scores, where)


def one_level(scores: pd.DataFrame) -> str:
    """Returns the level of a score table: image, well or treatment."""
    return _one_level(scores, None)


def aggregate(scores: pd.DataFrame, level: str = WELL) -> pd.DataFrame:
    """Returns the mean score of the images of each well or treatment.

    A well is plate + well. A treatment is cell line, batch, compound (`pert_iname`) and
    concentration, kept apart by condition, hours and control type, since a vehicle of that name
    may be in normoxia too. `…_sd` becomes the SD over rows (n − 1; NaN with one), `fold` stays
    where a group has one, and `Metadata_*` columns stay that are the same within every group. Rows
    that were not scored do not count; a group of such rows only is not scored either.

    Args:
        scores: a score table of level image.
        level: "well" or "treatment".

    Returns:
        A score table of that level, sorted by its group.

    Raises:
        ScoreError: another level, two treatments in a well, or two models in a group.
    """
    check_scores(scores)
    if one_level(scores) != IMAGE or level not in _GROUPS:
        raise ScoreError(
            f"Expected scores of images to make wells or treatments of, got level "
            f"{one_level(scores)!r} to make {level!r}.",
            fix="Start from the parquet that `cellscreen score` wrote.",
        )
    return _grouped(scores, level)


def treatments_of_wells(wells: pd.DataFrame) -> pd.DataFrame:
    """Returns the mean score of the wells of each treatment: of bags, whose wells are scored whole.

    MID groups by compound and concentration (Methods); `…_sd` becomes the SD over wells, all else
    is as with `aggregate`.

    Args:
        wells: a score table of level well, scored as wells.

    Raises:
        ScoreError: another level, or two models in a treatment.
    """
    check_scores(wells)
    if one_level(wells) != WELL:
        raise ScoreError(f"Expected scores of wells, got level {one_level(wells)!r}.")
    return _grouped(wells, TREATMENT)


def _grouped(scores: pd.DataFrame, level: str) -> pd.DataFrame:
    if level == TREATMENT and "Metadata_pert_iname" not in scores:
        raise ScoreError("Expected Metadata_pert_iname to group treatments by, got no such column.")
    by = [column for column in _GROUPS[level] if column in scores]
    grouped = scores.groupby(by, dropna=False, sort=True)
    varies = grouped[[c for c in scores if c not in by]].nunique(dropna=False) > 1
    _check_groups(varies, level)
    left_out = {*by, *_BELOW_A_WELL, NOT_SCORED}
    kept = [c for c in scores.columns if c.startswith("Metadata_") and c not in left_out]
    kept = [column for column in kept if not varies[column].any()]
    table = grouped[[*kept, "model_id", "fold"]].first()
    table["fold"] = table["fold"].mask(varies["fold"])
    columns = score_columns(scores)
    table = table.assign(level=level, n_images=grouped["n_images"].sum())
    table = table.join(grouped[columns].mean()).join(grouped[columns].std().add_suffix("_sd"))
    if NOT_SCORED in scores:
        table[NOT_SCORED] = grouped[NOT_SCORED].agg(common_reason)
    table = table.reset_index()
    key = table[by].astype(object).where(table[by].notna(), "").astype(str)
    table["key"] = key.agg("/".join, axis=1)
    first = [*by, *kept, *FIXED_COLUMNS]
    return table[[*first, *(c for c in table.columns if c not in first)]]


def _one_level(scores: pd.DataFrame, file: Path | None) -> str:
    levels = sorted({str(level) for level in scores["level"]})
    if len(levels) != 1 or levels[0] not in (IMAGE, WELL, TREATMENT):
        raise ScoreError(
            f"Expected one level (image, well or treatment) in a score table, got "
            f"{', '.join(levels)}.",
            file=file,
            fix="Keep a parquet for each level.",
        )
    return levels[0]


def _check_rows(scores: pd.DataFrame, file: Path | None) -> None:
    """Raises for a row without key, a key twice, a score that is not finite, or no images."""
    if scores["key"].isna().any():
        raise ScoreError("Expected a key in every row, got an empty one.", file=file, fix=_MAKE)
    twice = scores[scores["key"].duplicated(keep=False)].sort_values("key", kind="stable").head(2)
    if not twice.empty:
        models = sorted({str(model) for model in twice["model_id"]})
        raise ScoreError(
            f"Expected each key once, got {twice['key'].iloc[0]!r} twice, scored by "
            f"{' and '.join(models)}.",
            file=file,
            fix="Give each expert the images of its own cell line only, and each table once.",
        )
    lost = is_lost(scores).to_numpy()
    for column in score_columns(scores):
        bad = ~np.isfinite(scores[column].to_numpy(dtype=float, na_value=np.nan)) & ~lost
        if bad.any():
            raise ScoreError(
                f"Expected a finite {column}, got {scores[column][bad].iloc[0]} for "
                f"{scores['key'][bad].iloc[0]!r} and {int(bad.sum()) - 1} more.",
                file=file,
                fix="Score the images again with a model whose weights are finite.",
            )
    if not (scores["n_images"] >= 1).all():
        raise ScoreError("Expected n_images of 1 or more in every row.", file=file, fix=_MAKE)


def _check_groups(varies: pd.DataFrame, level: str) -> None:
    """Raises if a well has two treatments or times, or any group two models."""
    same = ["model_id", *(_OF_A_WELL if level == WELL else ())]
    for column in same:
        if column in varies and varies[column].any():
            group = varies.index[varies[column].to_numpy()][0]
            plate, well = group if level == WELL else (None, None)
            raise ScoreError(
                f"Expected one {column} in a {level}, got several"
                + ("." if level == WELL else f" in {group}."),
                plate=plate,
                well=well,
                fix="Mend the plate map, or score each model's images apart.",
            )
