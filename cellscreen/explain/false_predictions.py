"""The compounds whose class a net got wrong with most confidence, out of fold (MID, Fig. 6)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from cellscreen.errors import ScoreError
from cellscreen.plates.columns import CONCENTRATION, PREFIX
from cellscreen.screening.scores import score_column

COMPOUND = PREFIX + "pert_iname"
COLUMNS = (
    "compound",
    "label",
    "called",
    "p_called",
    "p_label",
    "top_p_label",
    "bags",
    "doses",
    "folds",
    "wrong",
)


def compound_calls(
    scores: pd.DataFrame, labels: pd.Series, task: str, classes: Sequence[str]
) -> pd.DataFrame:
    """How each labelled compound is called: the mean over its bags, all doses alike, as the paper.

    Args:
        scores: out-of-fold score table, a row a bag.
        labels: by `key`, the number of the class; -1 where it is not known.
        task: name of the question.
        classes: their names.

    Returns:
        A row a compound and label: `compound, label, called, p_called, p_label` (mean probability
        of its own class), `top_p_label` (the same at its highest dose), `bags, doses, folds`
        (text), `wrong`; the most confidently wrong first, the most confidently right last.

    Raises:
        ScoreError: the scores lack a class or the compounds' names.

    Example:
        >>> calls = compound_calls(scores, labels, "herg", ("non_toxic", "toxic"))  # doctest: +SKIP
        >>> calls[calls["wrong"]]["compound"].head(3)  # doctest: +SKIP
    """
    columns = [score_column(task, name) for name in classes]
    missing = [name for name in (COMPOUND, *columns) if name not in scores]
    if missing:
        raise ScoreError(
            f"Expected scores of compounds, missing: {', '.join(missing)}.",
            fix="Build with a plate map that names the compounds, and score with this run.",
        )
    known = scores["key"].map(labels).fillna(-1).astype(int)
    named = scores[COMPOUND].fillna("").astype(str) != ""
    bags = scores[(known >= 0) & named].assign(_label=known)
    rows = [
        _call(str(part[COMPOUND].iloc[0]), int(part["_label"].iloc[0]), part, columns, classes)
        for _, part in bags.groupby([COMPOUND, "_label"])
    ]
    table = pd.DataFrame(rows, columns=list(COLUMNS))
    order = ["p_label", "compound"]
    return table.sort_values(order, ignore_index=True)


def most_wrong(calls: pd.DataFrame, count: int) -> pd.DataFrame:
    """The most confidently wrong compounds, at most `count`."""
    return calls[calls["wrong"].astype(bool)].head(count).reset_index(drop=True)


def most_right(calls: pd.DataFrame, count: int) -> pd.DataFrame:
    """The most confidently right compounds of each class, to compare with (MID, Fig. 6b-c)."""
    right = calls[~calls["wrong"].astype(bool)].iloc[::-1]
    return right.groupby("label").head(count).sort_values("label", kind="stable", ignore_index=True)


def _call(
    compound: str, label: int, bags: pd.DataFrame, columns: list[str], classes: Sequence[str]
) -> dict[str, object]:
    means = bags[columns].to_numpy(float).mean(axis=0)
    called = int(means.argmax())
    doses = bags[CONCENTRATION].astype(float) if CONCENTRATION in bags else pd.Series(dtype=float)
    top = bags[doses == doses.max()] if doses.notna().any() else bags
    return {
        "compound": compound,
        "label": classes[label],
        "called": classes[called],
        "p_called": float(means[called]),
        "p_label": float(means[label]),
        "top_p_label": float(np.mean(top[columns[label]])),
        "bags": len(bags),
        "doses": int(doses.nunique()),
        "folds": ", ".join(str(fold) for fold in sorted(bags["fold"].dropna().unique())),
        "wrong": called != label,
    }
