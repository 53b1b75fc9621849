"""What a comparison says of a net, in sentences: whether it earns its keep."""

from __future__ import annotations

from typing import NamedTuple

import pandas as pd

METRIC = "auroc"
ABOVE, BELOW, ALIKE, UNDEFINED = "above", "below", "not told apart", "undefined"


class Verdict(NamedTuple):
    """What a comparison says of its reference.

    Attributes:
        earns_keep: whether its AUROC is above that of every other method, each interval of the
            difference beyond 0.
        headline: that as a sentence.
        lines: a sentence a method.
    """

    earns_keep: bool
    headline: str
    lines: tuple[str, ...]


def standing(low: float, high: float) -> str:
    """Where a reference stands by the interval of its difference to another method.

    Example:
        >>> standing(0.02, 0.2), standing(-0.1, 0.2), standing(-0.3, -0.1)
        ('above', 'not told apart', 'below')
    """
    if pd.isna(low) or pd.isna(high):
        return UNDEFINED
    return ABOVE if low > 0 else BELOW if high < 0 else ALIKE


def verdict(table: pd.DataFrame, reference: str, others: tuple[str, ...] = ()) -> Verdict:
    """Says whether a net is worth its trouble beside the comparators.

    Args:
        table: of `paired.compare_methods`.
        reference: the net that differences were taken from.
        others: methods it must be above; all others if empty.

    Example:
        >>> verdict(table, "transformer").headline  # doctest: +SKIP
        'transformer does not earn its keep here: not above lightgbm_features.'
    """
    rows = table[(table["metric"] == METRIC) & (table["model"] != reference)]
    if others:
        rows = rows[rows["model"].isin(others)]
    found = {row.model: standing(row.difference_low, row.difference_high) for row in _each(rows)}
    lines = tuple(_line(reference, row, found[row.model]) for row in _each(rows))
    failed = [model for model, where in found.items() if where in (BELOW, ALIKE)]
    undefined = [model for model, where in found.items() if where == UNDEFINED]
    if failed:
        head = f"{reference} does not earn its keep here: not above {', '.join(failed)}."
    elif len(undefined) == len(found):
        head = f"Whether {reference} earns its keep is undefined: nothing to compare it with."
    else:
        head = f"{reference} earns its keep here: above every comparator."
    return Verdict(not failed and len(undefined) < len(found), head, lines)


def _each(rows: pd.DataFrame) -> list:
    return list(rows.itertuples(index=False))


def _line(reference: str, row: tuple, where: str) -> str:
    model, value = row.model, row.value  # type: ignore[attr-defined]
    if where == UNDEFINED:
        return f"{model}: undefined."
    said = {
        ABOVE: f"{reference} is above {model}",
        BELOW: f"{reference} loses to {model}",
        ALIKE: f"{reference} and {model} cannot be told apart",
    }[where]
    low, high = row.difference_low, row.difference_high  # type: ignore[attr-defined]
    return (
        f"{said} (AUROC {value:.3f}; difference {row.difference:+.3f}, "  # type: ignore[attr-defined]
        f"95 % {low:+.3f} to {high:+.3f})."
    )
