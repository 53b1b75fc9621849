"""How well a vote found what a simulated screen hides. For demo, report and tests only."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from cellscreen import atomic
from cellscreen.errors import ScoreError
from cellscreen.simulate.compounds import PROTECTS

RULES = {"paper's rule alone": "paper_active", "paper's rule and q": "bh_active"}


def read_truth(path: str | Path) -> pd.DataFrame:
    """Reads the truth.csv of a simulated screen.

    Raises:
        ScoreError: no such file.
    """
    if not Path(path).is_file():
        raise ScoreError("Expected the truth of a simulated screen, got no such file.", file=path)
    return pd.read_csv(path)


def write_precision(precision: pd.DataFrame, path: str | Path) -> None:
    """Writes what `precision_against_truth` returned as CSV."""
    atomic.write_text(path, precision.to_csv(index=False))


def precision_against_truth(votes: pd.DataFrame, truth: pd.DataFrame) -> pd.DataFrame:
    """Counts right and wrong compounds of both rules.

    A compound is called active if any of its concentrations is; it truly is if the simulation
    lets it protect both cell lines. Compounds without a vote count as not called. The second rule
    is the verdict "active".

    Args:
        votes: `VoteResult.table`.
        truth: a row a compound: pert_iname, kind (as in `cellscreen.simulate.compounds`).

    Returns:
        A row a rule: rule, called, found, false, protectors, precision (NaN if none is called),
        recall (NaN without protectors).

    Raises:
        ScoreError: the truth lacks a column or a compound.
    """
    missing = [column for column in ("pert_iname", "kind") if column not in truth]
    unknown = set() if missing else {*votes["pert_iname"]} - {*truth["pert_iname"]}
    if missing or unknown:
        what = f"column {', '.join(missing)}" if missing else f"{', '.join(sorted(unknown)[:5])}"
        raise ScoreError(
            f"Expected the truth of every compound, missing: {what}.",
            fix="Give the truth that belongs to this simulation.",
        )
    protectors = {*truth.loc[truth["kind"] == PROTECTS, "pert_iname"]}
    rows = []
    for rule, column in RULES.items():
        called = {*votes.loc[votes["paper_active"] & votes[column], "pert_iname"]}
        found = len(called & protectors)
        rows.append((rule, len(called), found, len(called - protectors), len(protectors)))
    table = pd.DataFrame(rows, columns=["rule", "called", "found", "false", "protectors"])
    precision = (table["found"] / table["called"]).where(table["called"] > 0)
    recall = (table["found"] / table["protectors"]).where(table["protectors"] > 0)
    return table.assign(precision=precision, recall=recall)
