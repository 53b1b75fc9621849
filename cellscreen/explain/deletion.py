"""Deletion test: does the answer hang on the cells that the net attends to?

Attention alone proves nothing: a net may attend to cells that its answer does not need. So the
most attended cells are taken out, as many at random, and as many of the least attended ones; only
if the first changes the answer more is attention a hint of what decided.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import pandas as pd

from cellscreen.explain.explain_input import ExplainInput
from cellscreen.explain.fold_net import FoldNet
from cellscreen.explain.group_bootstrap import mean_interval

MOST, LEAST, RANDOM = "most", "least", "random"
EXCESS = ("excess", "low", "high")


def deletion_table(
    asked: ExplainInput, attention: pd.DataFrame, measure: str = "attention"
) -> pd.DataFrame:
    """Takes cells out of held-out bags and asks the net that did not see them again.

    Args:
        asked: what is explained; its config says how many bags, which shares, how many draws.
        attention: of `attention_table`; bags that it lacks are not tested.
        measure: its column that says which cells are most attended to.

    Returns:
        A row a bag and share: `row, key, group, fold, share, removed` (cells), `left`, `answer`
        (class), `p` (its probability with all cells), `most`, `least`, `random` (mean over the
        draws of how far the probability moved, without its sign), `most_fall`, `least_fall`,
        `random_fall` (how far it fell), `random_sd` (of the draws, n - 1).
    """
    rows = chosen_bags(asked, attention["row"].unique())
    parts = []
    for row in rows:
        values = attention.loc[attention["row"] == row, measure].to_numpy()
        found = delete_cells(
            asked.net(asked.fold_of(row)),
            asked.embed(row),
            values,
            asked.config.shares,
            asked.config.deletion_draws,
            np.random.default_rng((asked.seed, row)),
        )
        said = asked.manifest.iloc[row]
        known = {name: said[name] for name in ("key", "group", "fold")}
        found["answer"] = [asked.classes[number] for number in found["answer"]]
        parts.append(found.assign(row=row, **known))
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=["row", "share"])


def delete_cells(
    net: FoldNet,
    embeddings: np.ndarray,
    attention: np.ndarray,
    shares: Sequence[float],
    draws: int,
    rng: np.random.Generator,
) -> pd.DataFrame:
    """Takes shares of one bag's cells out: most attended, least attended, at random.

    Args:
        net: that held the bag out.
        embeddings: of its cells, `(cells, units)` float32.
        attention: of its cells, `(cells,)`; cells of unknown attention count as the least.
        shares: of the cells, rounded up; where nothing would be left, the share is left out.
        draws: at random, for each share.
        rng: of the draws.

    Returns:
        A row a share, as `deletion_table` without the bag's own columns; `answer` is a number.
    """
    cells = len(embeddings)
    counts = {share: int(np.ceil(share * cells)) for share in shares}
    counts = {share: count for share, count in counts.items() if count < cells}
    order = np.argsort(-np.nan_to_num(attention, nan=-np.inf), kind="stable")
    masks = [np.ones(cells, bool)]
    for count in counts.values():
        gone = [order[:count], order[cells - count :]]
        gone += [rng.permutation(cells)[:count] for _ in range(draws)]
        masks += [_without(cells, at) for at in gone]
    answers = net.ask_masked(embeddings, np.stack(masks))["answer"].astype(float)
    called = int(answers[0].argmax())
    p, ways = answers[0, called], 2 + draws
    rows = []
    for number, (share, count) in enumerate(counts.items()):
        falls = p - answers[1 + number * ways : 1 + (number + 1) * ways, called]
        rows.append({"share": share, "removed": count, "left": cells - count, **_moves(falls)})
    columns = ["share", "removed", "left", *_moves(np.zeros(3))]
    return pd.DataFrame(rows, columns=columns).assign(answer=called, p=p)


def deletion_summary(table: pd.DataFrame, draws: int = 2000, seed: int = 0) -> pd.DataFrame:
    """How much more the answer moves without the most attended cells than without random ones.

    Bags of one group (a compound) are drawn together: they are not independent.

    Args:
        table: of `deletion_table`.
        draws: of the bootstrap.
        seed: of the draws.

    Returns:
        A row a share: `share, bags, groups`, means over bags `most, random, least`, `excess` (most
        - random) with its 95 % interval `low, high`, `fall_excess` (of falls) with `fall_low,
        fall_high`, and `verdict`: `more` where the interval lies above 0, `less` below, else
        `no difference shown`; `undefined` with fewer than two groups.
    """
    rows = []
    for share, part in table.groupby("share"):
        row: dict[str, Any] = {"share": share, "bags": len(part), "groups": part["group"].nunique()}
        row |= {name: part[name].mean() for name in (MOST, RANDOM, LEAST)}
        rng = np.random.default_rng(seed)
        excess = part[MOST] - part[RANDOM]
        row |= dict(zip(EXCESS, mean_interval(excess, part["group"], draws, rng), strict=True))
        fall = part["most_fall"] - part["random_fall"]
        names = ("fall_excess", "fall_low", "fall_high")
        row |= dict(zip(names, mean_interval(fall, part["group"], draws, rng), strict=True))
        rows.append(row | {"verdict": verdict(row["low"], row["high"])})
    return pd.DataFrame(rows)


def verdict(low: float, high: float) -> str:
    """What an interval of the excess says.

    Example:
        >>> verdict(0.01, 0.2), verdict(-0.1, 0.1), verdict(float("nan"), float("nan"))
        ('more', 'no difference shown', 'undefined')
    """
    if np.isnan(low) or np.isnan(high):
        return "undefined"
    return "more" if low > 0 else "less" if high < 0 else "no difference shown"


def chosen_bags(asked: ExplainInput, rows: Iterable[int]) -> list[int]:
    """At most `deletion_bags` of the rows, dealt over their groups in turn, the same every time."""
    frame = asked.manifest.iloc[[int(row) for row in rows]]
    order = np.random.default_rng(asked.seed).permutation(len(frame))
    turn = frame["group"].iloc[order].groupby(frame["group"].iloc[order]).cumcount()
    first = np.argsort(turn.to_numpy(), kind="stable")[: asked.config.deletion_bags]
    places = {index: place for place, index in enumerate(asked.manifest.index)}
    return sorted(places[index] for index in frame.index[order[first]])


def _without(cells: int, at: np.ndarray) -> np.ndarray:
    mask = np.ones(cells, bool)
    mask[at] = False
    return mask


def _moves(falls: np.ndarray) -> dict[str, float]:
    """Falls without the most attended, the least attended, and at random, in this order."""
    moved, drawn = np.abs(falls), falls[2:]
    return {
        MOST: moved[0],
        LEAST: moved[1],
        RANDOM: moved[2:].mean(),
        "most_fall": falls[0],
        "least_fall": falls[1],
        "random_fall": drawn.mean(),
        "random_sd": drawn.std(ddof=1) if len(drawn) > 1 else np.nan,
    }
