"""Intensities against concentration on a page, of compounds that look alike and one that does not.

MID's Fig. 5: ROS and MMP of three compounds with alike embeddings and one far from them.
"""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from cellscreen.errors import DataError
from cellscreen.explain.embeddings import profiles_of
from cellscreen.explain.explain_input import ExplainInput
from cellscreen.explain.named_profiles import cell_features
from cellscreen.explain.neighbours import alike_and_apart, nearest_compounds
from cellscreen.explain.plate_response import (
    INTENSITY,
    intensities_of_cells,
    intensities_of_crops,
    response_tests,
    response_wells,
)
from cellscreen.explain.spaces import COMPOUND
from cellscreen.plates.columns import CONCENTRATION
from cellscreen.report.mid_tables import write_csv
from cellscreen.report.profile_plots import response_drawing
from cellscreen.report.section import Drawing, Section, Table, missing, render
from cellscreen.report.texts import listed, table_of

KEY, TITLE = "response", "Intensity against concentration"
OF_THE_PAPER = ("ROS", "MMP")
_ALL, _DRAWN, _ROWS, _LEVEL = 10**6, 4, 40, 0.05


def response_section(asked: ExplainInput, channels: Sequence[str] = ()) -> Section:
    """Tests and draws channels over concentrations, and writes the tables behind it.

    `response_wells.csv` and `response_tests.csv`. The intensities are those of cell features where
    they were measured, else of the crops.

    Args:
        asked: what is explained.
        channels: ROS and MMP by default where there are both, else all of the crops'.
    """
    if not {COMPOUND, CONCENTRATION} <= set(asked.index.bags):
        return missing(KEY, TITLE, "the plates name no compounds at concentrations.")
    if asked.index.bags[CONCENTRATION].isna().all():
        return missing(KEY, TITLE, "no concentration is known.")
    channels = tuple(channels) or chosen_channels(asked.index.channels)
    intensities, source = _intensities(asked, channels)
    wells, on = response_wells(intensities)
    tests = response_tests(wells)
    if tests.empty:
        return missing(KEY, TITLE, "no compound has a well at a known concentration.")
    for table, name in ((wells, "response_wells"), (tests, "response_tests")):
        write_csv(table.assign(simulated=asked.simulated), asked.output, name)
    alike, apart = _alike_and_apart(asked, set(tests[COMPOUND]))
    compounds = [*alike, apart] if alike else _surest(tests)
    why = f"{listed(alike)} have the most alike embeddings, {apart} (open) is far from them."
    return Section(
        KEY,
        TITLE,
        render(
            "mid_response.html",
            answer=response_answer(tests),
            source=source,
            on={"plate": "mean", "negcon": "negative controls"}[on],
            channels=listed(channels),
            why=why if alike else "Those drawn have the smallest p.",
            figure=_drawing(wells, compounds, channels, apart),
            tests=tests_table(tests),
        ),
        simulated=asked.simulated,
    )


def chosen_channels(channels: Sequence[str]) -> tuple[str, ...]:
    """ROS and MMP where both are there, in any case of letters, else all.

    Example:
        >>> chosen_channels(("DNA", "mmp", "Ros")), chosen_channels(("DNA", "ER"))
        (('Ros', 'mmp'), ('DNA', 'ER'))
    """
    by_name = {name.upper(): name for name in channels}
    if all(name in by_name for name in OF_THE_PAPER):
        return tuple(by_name[name] for name in OF_THE_PAPER)
    return tuple(channels)


def response_answer(tests: pd.DataFrame) -> str:
    """How many tests are significant before and after correction, in one sentence."""
    known = tests[tests["p"].notna()]
    if known.empty:
        return "No compound has two concentrations of two wells: nothing can be tested."
    counts = [int((known[name] < _LEVEL).sum()) for name in ("p", "p_bh", "p_holm")]
    expected = _LEVEL * len(known)
    return (
        f"Of {len(known)} tests {counts[0]} have p < {_LEVEL}, where chance alone gives "
        f"{expected:.1f}; {counts[1]} after Benjamini-Hochberg and {counts[2]} after Holm."
    )


def tests_table(tests: pd.DataFrame) -> Table:
    """The tests, the surest first."""
    shown = tests.sort_values(["p", COMPOUND, "channel"], kind="stable").head(_ROWS)
    columns = {COMPOUND: "Compound", "channel": "Channel", "n_wells": "Wells"}
    columns |= {"n_concentrations": "Concentrations", "lowest": "At the lowest"}
    columns |= {"highest": "At the highest", "statistic": "H", "p": "p", "p_bh": "p (BH)"}
    columns |= {"p_holm": "p (Holm)", "reason": "Undefined because"}
    more = f" The first {_ROWS}; all in response_tests.csv." if len(tests) > _ROWS else ""
    return table_of(
        shown[list(columns)],
        "Kruskal-Wallis over the concentrations of each compound; both corrections are over all "
        f"tests together.{more}",
        columns,
    )


def _intensities(asked: ExplainInput, channels: Sequence[str]) -> tuple[pd.DataFrame, str]:
    cells = cell_features(asked, [])
    if cells is not None:
        try:
            return intensities_of_cells(cells, channels), "the cells"
        except DataError:
            return intensities_of_crops(asked.index, channels), "the crops, cells and surroundings"
    return intensities_of_crops(asked.index, channels), "the crops, cells and surroundings"


def _alike_and_apart(asked: ExplainInput, tested: set[str]) -> tuple[list[str], str]:
    try:
        found = alike_and_apart(nearest_compounds(profiles_of(asked)[0], _ALL))
    except DataError:
        return [], ""
    return (found[:-1], found[-1]) if found and tested.issuperset(found) else ([], "")


def _surest(tests: pd.DataFrame) -> list[str]:
    names = tests.sort_values(["p", COMPOUND], kind="stable")[COMPOUND]
    return list(dict.fromkeys(names))[:_DRAWN]


def _drawing(
    wells: pd.DataFrame, compounds: Sequence[str], channels: Sequence[str], apart: str
) -> Drawing:
    return response_drawing(
        "response",
        wells,
        compounds,
        {name: INTENSITY + name for name in channels},
        CONCENTRATION,
        apart=apart,
        caption="Mean of wells less that of their plate, and SD over wells.",
        alt=f"Intensity of {listed(channels)} against concentration of {listed(compounds)}.",
    )
