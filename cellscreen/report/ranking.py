"""The full table of a vote: a row a treatment, both experts, both rules, oracle and truth."""

from __future__ import annotations

import pandas as pd

from cellscreen.report.section import Table
from cellscreen.report.texts import UNDEFINED, concentration, number, short, signed
from cellscreen.screening.experts import COUNTS, MEASURES
from cellscreen.screening.votes import ACTIVE, INACTIVE, NO_VOTE, PAPER_ONLY, VoteResult
from cellscreen.screening.wells import COMPOUND

SIGNS = {ACTIVE: "●", PAPER_ONLY: "◐", INACTIVE: "○", NO_VOTE: "–"}
_MOST_ROWS = 1000
_CAPTION = (
    "Score: mean of wells, below it that of the control. Difference: score − control, below it its "
    "bootstrap 95 % interval over wells. p: one-sided permutation test over wells; of both lines "
    "the larger counts."
)
_NO_ORACLE = "not voted on"

Column = tuple[str, list[str], bool]


def ranking_table(
    votes: VoteResult, oracle: VoteResult | None = None, truth: pd.DataFrame | None = None
) -> Table:
    """Returns every treatment with both experts' figures and its verdict, best first.

    Args:
        votes: the vote.
        oracle: the oracle's vote on the same screen, a column beside it.
        truth: the hidden truth of a simulation (pert_iname, kind, lines), a column at the end.
    """
    shown = votes.table.head(_MOST_ROWS)
    first, last = _names(shown, votes.table), _rules(shown, votes.config.fdr)
    lines = [_line(shown, line) for line in votes.lines]
    if oracle is not None:
        last.append(("Verdict\noracle", _oracle(shown, oracle), False))
    if truth is not None:
        last.append(("Truth\nsimulated", _truth(shown, truth, votes.lines), False))
    columns = [*first, *(column for line in lines for column in line), *last]
    groups = [("", len(first)), *((n, len(c)) for n, c in zip(votes.lines, lines, strict=True))]
    more = len(votes.table) - len(shown)
    return Table(
        caption=_CAPTION
        + (f" All at {only_dose(votes.table)}." if only_dose(votes.table) else "")
        + (f" {more} more are in hits.csv." if more else ""),
        headings=tuple(heading for heading, _, _ in columns),
        rows=tuple(zip(*(texts for _, texts, _ in columns), strict=True)),
        right=frozenset(place for place, (_, _, is_number) in enumerate(columns) if is_number),
        groups=(*groups, ("Both lines", len(last))),
        marks=tuple(verdict.replace(" ", "-") for verdict in shown["verdict"]),
        head=1,
    )


def only_dose(table: pd.DataFrame) -> str:
    """Returns the concentration that all treatments share; empty if there is none."""
    doses = table["concentration_um"].unique()
    return concentration(doses[0]) if len(doses) == 1 else ""


def treatment_names(table: pd.DataFrame) -> pd.Series:
    """Returns compounds with their concentrations, which are left out if all share one."""
    if only_dose(table):
        return table["pert_iname"]
    doses = table["concentration_um"].map(concentration)
    return (table["pert_iname"] + " " + doses).str.strip()


def verdict_text(verdict: str, reason: str = "") -> str:
    """Returns a verdict with its sign, and why there is none."""
    return f"{SIGNS[verdict]}\u00a0{verdict}" + (f": {reason}" if reason else "")


def _names(table: pd.DataFrame, votes: pd.DataFrame) -> list[Column]:
    verdicts = zip(table["verdict"], table["reason"], strict=True)
    return [
        ("No.", ["" if pd.isna(rank) else str(rank) for rank in table["rank"]], True),
        ("Compound", list(treatment_names(votes)[table.index]), False),
        ("Verdict", [verdict_text(verdict, reason) for verdict, reason in verdicts], False),
    ]


def _line(table: pd.DataFrame, line: str) -> list[Column]:
    """Returns the columns of one expert; dashes where it saw no image."""
    rows = [
        dict(zip((*MEASURES, *COUNTS), values, strict=True))
        for values in table[[f"{line}_{name}" for name in (*MEASURES, *COUNTS)]].to_numpy()
    ]
    columns = {
        "Score\ncontrol": [f"{number(row['score'])}\n{number(row['control'])}" for row in rows],
        "Difference\n95 %": [
            f"{signed(row['difference'])}\n{_interval(row['low'], row['high'])}" for row in rows
        ],
        "p\nwells (images)": [
            f"{short(row['p'], 2)}\n{row['n_wells']:.0f} ({row['n_images']:.0f})" for row in rows
        ],
    }
    seen = [row["n_wells"] > 0 for row in rows]
    return [
        (heading, [text if s else "–" for text, s in zip(texts, seen, strict=True)], True)
        for heading, texts in columns.items()
    ]


def _rules(table: pd.DataFrame, fdr: float) -> list[Column]:
    voted = table["verdict"] != NO_VOTE

    def yes_no(column: str) -> list[str]:
        pairs = zip(table[column], voted, strict=True)
        return [("yes" if kept else "no") if has_vote else "–" for kept, has_vote in pairs]

    def figures(column: str) -> list[str]:
        return [short(v, 2) if has else "–" for v, has in zip(table[column], voted, strict=True)]

    return [
        ("p\nlarger", figures("p"), True),
        ("q\nBH", figures("q"), True),
        ("Both below\npaper", yes_no("paper_active"), False),
        (f"q\u00a0≤\u00a0{fdr:g}\nBH", yes_no("bh_active"), False),
    ]


def _oracle(table: pd.DataFrame, oracle: VoteResult) -> list[str]:
    """Returns the oracle's verdict on each treatment."""
    theirs = oracle.table[[*COMPOUND, "verdict"]]
    joined = table[COMPOUND].merge(theirs, on=COMPOUND, how="left", validate="one_to_one")
    return [_NO_ORACLE if pd.isna(v) else verdict_text(v) for v in joined["verdict"]]


def _truth(table: pd.DataFrame, truth: pd.DataFrame, lines: tuple[str, ...]) -> list[str]:
    """Returns what each compound does, with the lines it protects where they are told."""
    known = truth.set_index("pert_iname")
    told = known["lines"] if "lines" in known else pd.Series("", index=known.index)
    where = told.fillna("").map(lambda text: "both lines" if {*text.split()} == {*lines} else text)
    kinds = known["kind"].astype(str).str.replace("_", " ")
    return list(table["pert_iname"].map((kinds + "\n" + where).str.rstrip("\n")))


def _interval(low: float, high: float) -> str:
    return UNDEFINED if pd.isna(low) else f"{signed(low)}, {signed(high)}"
