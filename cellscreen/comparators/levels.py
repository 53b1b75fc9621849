"""Answers of wells as answers of treatments and compounds (MID averages the scores of wells)."""

from __future__ import annotations

import pandas as pd

from cellscreen.errors import ConfigError
from cellscreen.judging.levels import COMPOUND as NAME
from cellscreen.judging.levels import DOSE, LEVELS, averaged
from cellscreen.judging.levels import WELL as WELL_COLUMNS

WELL, TREATMENT, COMPOUND = "well", "compound_dose", "compound"


def at_level(answers: pd.DataFrame, manifest: pd.DataFrame, level: str) -> pd.DataFrame:
    """Answers averaged to a level; rows of one group and fold stay so.

    Args:
        answers: `key, group, fold, label, p_<class>…`, a row a bag.
        manifest: of the run, with its metadata.
        level: `field`, `well`, `compound_dose` or `compound`, at or above the bags' own.

    Returns:
        The same columns, a row a field, well, compound and concentration, or compound; NaN where
        a bag of it was not answered.

    Raises:
        ConfigError: no such level, or the manifest lacks its columns.

    Example:
        >>> at_level(answers, manifest, "compound")["key"].tolist()  # doctest: +SKIP
        ['SIM-compound-001', 'SIM-compound-002']
    """
    if level not in LEVELS:
        raise ConfigError(f"Expected a level of {', '.join(LEVELS)}; got {level!r}.")
    needed = {WELL: WELL_COLUMNS[:2], TREATMENT: (NAME, DOSE), COMPOUND: (NAME,)}.get(level, ())
    if lacking := [name for name in needed if name not in manifest]:
        raise ConfigError(f"Expected a column {', '.join(lacking)} to average answers by {level}.")
    named = [name for name in {WELL: WELL_COLUMNS}.get(level, needed) if name in manifest]
    known = manifest.set_index("key").loc[answers["key"], named].reset_index(drop=True)
    if not named or (level == WELL and not known.duplicated().any()):
        return answers
    columns = [str(name) for name in answers if str(name).startswith("p_")]
    rows = pd.concat([answers.reset_index(drop=True), known], axis=1)
    found = averaged(rows, level, columns)
    key = found[named].astype(str).agg("@".join, axis=1)
    return found.assign(key=key)[["key", "group", "fold", "label", *columns]]


def doses_um(manifest: pd.DataFrame) -> pd.Series:
    """The concentration of every bag in µM, float; NaN where none is stated."""
    if DOSE not in manifest:
        return pd.Series(float("nan"), index=manifest.index)
    return pd.to_numeric(manifest[DOSE], errors="coerce")
