"""Which classes are taken for which: the whole matrix, its worst part, and a list."""

from __future__ import annotations

import numpy as np
import pandas as pd

from cellscreen.report.cell_confusion_drawings import (
    MOST_NAMED,
    calls_summary,
    confusion_drawing,
    detail_drawing,
)
from cellscreen.report.cell_section import cell_section, interval_text
from cellscreen.report.section import Section, Table
from cellscreen.report.texts import percent, table_of
from cellscreen.votes.confusion import row_shares


def confusion_section(
    counts: pd.DataFrame,
    largest: pd.DataFrame,
    *,
    unit: str = "image",
    group: str = "well",
    key: str = "confusion",
    simulated: bool = False,
) -> Section:
    """Which classes are taken for which.

    Args:
        counts: of `votes.confusion.confusion_counts`.
        largest: of `votes.confusion.largest_confusions`.
        unit: what was called.
        group: what intervals are over.
        key: the anchor, unique on the page.
        simulated: whether any unit is.
    """
    drawings = [confusion_drawing(counts, unit=unit, name=f"{key}-all")]
    if len(counts) > MOST_NAMED and len(largest):
        named = most_confused(counts)
        drawings.append(detail_drawing(counts, named, unit=unit, name=f"{key}-most"))
    return cell_section(
        key,
        "What is taken for what",
        words=[calls_summary(counts, unit)],
        drawings=drawings,
        tables=[confusions_table(largest, unit=unit, group=group)] if len(largest) else [],
        simulated=simulated,
    )


def confusions_table(largest: pd.DataFrame, *, unit: str = "image", group: str = "well") -> Table:
    """The largest confusions as a table.

    Args:
        largest: of `votes.confusion.largest_confusions`.
        unit: what was called.
        group: what intervals are over.
    """
    shares = largest[["share", "low", "high"]].to_numpy(float)
    of_true = largest[["n", "n_true"]].to_numpy(int)
    in_groups = largest[["n_groups", "n_groups_true"]].to_numpy(int)
    frame = pd.DataFrame(
        {
            "True class": largest["true"].astype(str),
            "Called": largest["called"].astype(str),
            "Share": [interval_text(*ends) for ends in shares],
            f"{unit}s".capitalize(): [f"{n:,} of {total:,}" for n, total in of_true],
            f"{group}s".capitalize(): [f"{n:,} of {total:,}" for n, total in in_groups],
            "Right": [percent(share) for share in largest["right_share"]],
            "Other way": [percent(share) for share in largest["back_share"]],
        }
    )
    return table_of(
        frame,
        f"The {len(frame)} largest confusions: the share of the true class that was called another "
        f"one, with a 95 % Wilson interval that counts each {group} as one trial, as {unit}s of "
        f"one {group} are not independent. Right: the share that was called right. Other way: the "
        "share of the called class that was called the true one.",
    )


def most_confused(counts: pd.DataFrame, most: int = MOST_NAMED) -> list[str]:
    """The classes of the largest confusions, the worst first, at most `most`.

    Example:
        >>> rows = [[5, 5, 0], [0, 9, 1], [0, 0, 3]]
        >>> most_confused(pd.DataFrame(rows, index=list("abc"), columns=list("abc")), 2)
        ['a', 'b']
    """
    shares = np.nan_to_num(row_shares(counts).to_numpy())
    np.fill_diagonal(shares, 0)
    found: dict[str, None] = {}
    for place in np.argsort(-shares, axis=None, kind="stable"):
        row, column = np.unravel_index(place, shares.shape)
        pair = [str(counts.index[row]), str(counts.columns[column])]
        if shares[row, column] == 0 or len(found.keys() | set(pair)) > most:
            break
        found.update(dict.fromkeys(pair))
    return list(found)
