"""The tables of a study as people read them, a column an affected fraction."""

from __future__ import annotations

import pandas as pd

from cellscreen.comparators.beside_table import with_interval
from cellscreen.comparators.levels import COMPOUND
from cellscreen.comparators.study_tables import StudyTables
from cellscreen.comparators.study_words import SHOWN, fraction_text

METHOD = "Method"
_MINUS = "\u2212"


def by_fraction(
    tables: StudyTables, value: str = "value", *, metric: str = "auroc", level: str = COMPOUND
) -> pd.DataFrame:
    """A row a method, a column an affected fraction, each figure with its interval.

    Args:
        tables: of a study.
        value: `value`, or `difference` of MID's figure minus the method's.
        metric: of the figures.
        level: of the figures.
    """
    rows = tables.figures
    rows = rows[(rows["metric"] == metric) & (rows["level"] == level)]
    return _wide(rows, "fraction", fraction_text, value)


def dose_frame(tables: StudyTables, share: float) -> pd.DataFrame:
    """A row a method, a column a dose: AUROC of that dose alone at one affected fraction."""
    rows = tables.doses[tables.doses["fraction"] == share]
    return _wide(rows, "dose_um", lambda dose: f"{dose:g} µM", "value")


def deletion_frame(tables: StudyTables) -> pd.DataFrame:
    """How much more the answer moves without the most attended cells, a row a share."""
    rows = tables.deletion
    return pd.DataFrame(
        {
            "Affected": [fraction_text(share) for share in rows["fraction"]],
            "Cells removed": [f"{100 * share:g} %" for share in rows["share"]],
            "Wells": rows["bags"].astype(str),
            "Most attended": _digits(rows["most"]),
            "Random": _digits(rows["random"]),
            "Least attended": _digits(rows["least"]),
            "Most minus random": _intervals(rows, "excess", "low", "high"),
            "Answer moves": rows["verdict"].astype(str),
        }
    )


def enrichment_frame(tables: StudyTables) -> pd.DataFrame:
    """AUC of attention for truly affected cells, and how often they are among the top tenth."""
    rows = tables.enrichment
    return pd.DataFrame(
        {
            "Affected": [fraction_text(share) for share in rows["fraction"]],
            "Measure": rows["measure"].astype(str),
            "Of": rows["bags_of"].astype(str),
            "Wells": rows["bags"].astype(str),
            "AUC within wells": _intervals(rows, "auc", "low", "high"),
            "Enrichment": _intervals(rows, "enrichment", "enrichment_low", "enrichment_high"),
        }
    )


def _wide(rows: pd.DataFrame, by: str, heading, value: str) -> pd.DataFrame:  # type: ignore[no-untyped-def]
    ends = ("low", "high") if value == "value" else (f"{value}_low", f"{value}_high")
    models = dict.fromkeys(rows["model"])
    made = {METHOD: [SHOWN.get(model, model) for model in models]}
    for place in sorted(set(rows[by])):
        part = rows[rows[by] == place].set_index("model")
        texts = dict(zip(part.index, _intervals(part, value, *ends), strict=True))
        made[heading(place)] = [texts.get(model, "not trained") for model in models]
    frame = pd.DataFrame(made)
    if value == "difference":
        frame = frame[frame[METHOD] != next(iter(SHOWN.values()))]
    return frame


def _intervals(rows: pd.DataFrame, value: str, low: str, high: str) -> list[str]:
    texts = (with_interval(*row) for row in rows[[value, low, high]].to_numpy(float))
    return [text.replace("-", _MINUS) for text in texts]


def _digits(values: pd.Series) -> list[str]:
    return ["undefined" if pd.isna(v) else f"{v:.3f}".replace("-", _MINUS) for v in values]
