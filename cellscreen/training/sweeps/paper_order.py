"""Whether the order that a paper found among nets or hours shows in a sweep, in words."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from cellscreen.training.sweeps.file import Order
from cellscreen.training.sweeps.table import PAPER, SweepTable

METRIC = "f1"
_USED = (METRIC, f"{METRIC}_low", f"{METRIC}_high", PAPER + METRIC)


@dataclass(frozen=True)
class OrderFound:
    """One order, compared.

    Attributes:
        of: what is ordered.
        paper: values of the flag by the paper's mean figure, ascending.
        here: the same by ours.
        pairs: pairs of cells that differ in this flag only and that the paper tells apart.
        agreeing: those of them that stand here as in the paper.
        settled: those agreeing pairs whose 95 % intervals do not overlap.
        reversed: pairs that stand the other way round, with intervals that do not overlap.
    """

    of: str
    paper: tuple[str, ...]
    here: tuple[str, ...]
    pairs: int
    agreeing: int
    settled: int
    reversed: int

    @property
    def shows(self) -> bool:
        """Whether both orders are the same."""
        return self.paper == self.here


def compare_orders(table: SweepTable) -> list[OrderFound]:
    """Compares every order that the sweep file asks for, by mean F1.

    Cells without a figure here or in the paper do not count; the orders of means are taken where
    all values that are compared have one. An order of fewer than two values is left out.

    Example:
        >>> compare_orders(read_sweep("runs/table3"))[0].shows  # doctest: +SKIP
        False
    """
    found = [_compared(table, order, values) for order, values in _asked(table)]
    return [one for one in found if one is not None]


def order_texts(table: SweepTable) -> list[str]:
    """What `compare_orders` found, a paragraph an order; says so where nothing can be compared.

    Example:
        >>> order_texts(read_sweep("runs/table3"))  # doctest: +SKIP
        ['Order of nets by mean F1. …: the order does not show. …']
    """
    texts = []
    for order, values in _asked(table):
        found = _compared(table, order, values)
        untold = f"Order of {order.of} ({', '.join(values)}): too few cells have figures to tell."
        texts.append(_text(found) if found else untold)
    return texts


def _asked(table: SweepTable) -> Iterator[tuple[Order, tuple[str, ...]]]:
    for order in table.orders:
        for values in order.within or (tuple(dict.fromkeys(table.rows[order.flag])),):
            yield order, values


def _compared(table: SweepTable, order: Order, values: Sequence[str]) -> OrderFound | None:
    rows = table.rows.reindex(columns=[*table.flags, *_USED])
    told = rows[[METRIC, PAPER + METRIC]].notna().all(axis=1)
    rows = rows[told & rows[order.flag].isin(values)]
    others = [flag for flag in table.flags if flag != order.flag]
    contexts = [part for _, part in rows.groupby(others)] if others else [rows]
    present = [value for value in values if value in set(rows[order.flag])]
    whole = [part for part in contexts if set(part[order.flag]) == set(present)]
    if len(present) < 2 or not whole:
        return None
    means = pd.concat(whole).groupby(order.flag)[[METRIC, PAPER + METRIC]].mean().loc[present]
    pairs = [
        _pair(first, second)
        for part in contexts
        for first, second in itertools.combinations(part.to_dict("records"), 2)
        if first[PAPER + METRIC] != second[PAPER + METRIC]
    ]
    agreeing = [settled for same, settled in pairs if same]
    against = [settled for same, settled in pairs if not same]
    return OrderFound(
        of=order.of,
        paper=tuple(means.sort_values(PAPER + METRIC, kind="stable").index),
        here=tuple(means.sort_values(METRIC, kind="stable").index),
        pairs=len(pairs),
        agreeing=len(agreeing),
        settled=sum(agreeing),
        reversed=sum(against),
    )


def _pair(first: dict, second: dict) -> tuple[bool, bool]:
    """Whether a pair stands as in the paper, and whether our intervals lie apart."""
    paper = np.sign(first[PAPER + METRIC] - second[PAPER + METRIC])
    here = np.sign(first[METRIC] - second[METRIC])
    low, high = f"{METRIC}_low", f"{METRIC}_high"
    apart = first[low] > second[high] or second[low] > first[high]
    return bool(paper == here), bool(apart)


def _text(found: OrderFound) -> str:
    verdict = "shows in the means" if found.shows else "does not show"
    settled = (
        f"{found.settled} of these are settled (95 % intervals do not overlap)"
        if found.settled
        else "none of these is settled (all 95 % intervals overlap)"
    )
    against = f"; {found.reversed} are settled the other way round" if found.reversed else ""
    return (
        f"Order of {found.of} by mean F1. Paper: {' < '.join(found.paper)}; here: "
        f"{' < '.join(found.here)}: the paper's order {verdict}. {found.agreeing} of "
        f"{found.pairs} pairs, all else equal, stand as in the paper (chance: half); "
        f"{settled}{against}."
    )
