"""A comparison of runs as text for a terminal."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from cellscreen.training.sweeps.compare import MACHINE, Comparison
from cellscreen.training.sweeps.run_rows import figure_text

SHOWN = ("accuracy", "f1", "auroc")
_MOST_RUNS = 6


def comparison_text(found: Comparison) -> str:
    """A comparison as tables of plain text, with its warnings.

    Example:
        >>> print(comparison_text(compare_runs(["runs"])))  # doctest: +SKIP
    """
    parts = [_aligned(run_table(found.rows))]
    parts.append("Mean ± sample SD over folds [95 % bootstrap interval over groups, folds pooled].")
    if found.simulated:
        parts.append("SIMULATED images are among them: those figures say nothing about real cells.")
    parts += [f"Warning: {warning}" for warning in found.warnings]
    parts.append(_differing(found))
    return "\n\n".join(part for part in parts if part) + "\n"


def run_table(rows: pd.DataFrame) -> pd.DataFrame:
    """The rows of a comparison as people read them, all columns text."""
    table = pd.DataFrame({"run": rows["run"], "net": rows["net"], "group": rows["group"]})
    table = table.assign(images=rows["images"], folds=_folds(rows))
    for metric in SHOWN:
        table[metric] = [figure_text(row, metric) for row in rows.to_dict("records")]
    table["baselines"] = ["below" if text else "above" for text in rows["below_baseline"]]
    for name in MACHINE:
        if rows[name].astype(bool).any():
            table[name] = rows[name]
    table["seconds"] = ["" if pd.isna(s) else f"{s:.0f}" for s in rows["seconds"]]
    table["simulated"] = ["yes" if s else "no" for s in rows["simulated"]]
    return table


def _folds(rows: pd.DataFrame) -> list[str]:
    ways = zip(rows["folds"], rows["fold_by"], rows["leaky"], strict=True)
    return [f"{n} by {by}{' (leaky)' if leaky else ''}" for n, by, leaky in ways]


def _differing(found: Comparison) -> str:
    if len(found.rows) == 1:
        return ""
    if found.differing.empty:
        return "All configs are the same."
    if len(found.rows) > _MOST_RUNS:
        lines = _values(found.differing)
        return "What differs between configs:\n" + "\n".join(lines)
    return "What differs between configs:\n" + _aligned(found.differing)


def _values(differing: pd.DataFrame) -> Iterator[str]:
    """A line a flag with its different values, where a column a run would be too wide."""
    for flag, *values in differing.itertuples(index=False):
        yield f"  {flag}: {' | '.join(dict.fromkeys(map(str, values)))}"


def _aligned(table: pd.DataFrame) -> str:
    columns = []
    for name in table:
        cells = [str(name), *table[name].astype(str)]
        columns.append([cell.ljust(max(map(len, cells))) for cell in cells])
    lines = ("  ".join(cells).rstrip() for cells in zip(*columns, strict=True))
    return "\n".join(f"  {line}" for line in lines)
