"""Score against concentration for every compound, with the spread of its replicates."""

from __future__ import annotations

import pandas as pd

from cellscreen.explain.chosen_bags import COMPOUND, shown_scores
from cellscreen.explain.explain_input import ExplainInput
from cellscreen.plates.columns import CONCENTRATION, CONTROL_TYPE
from cellscreen.report.mid_dose_drawings import curves_drawing, panels_drawing
from cellscreen.report.mid_tables import write_csv
from cellscreen.report.section import Section, Table, missing, render
from cellscreen.report.texts import number, short, table_of
from cellscreen.screening.dose_scores import (
    compound_scores,
    dose_points,
    dose_scores,
    vehicle_scores,
)
from cellscreen.screening.scores import score_column

KEY, TITLE = "dose-curves", "Score against concentration"
_MOST_DRAWN = 24
_MOST_ROWS = 200


def dose_section(asked: ExplainInput) -> Section:
    """Draws dose curves (MID, Fig. 2d); writes `dose_points.csv` and `dose_scores.csv`."""
    needed = (COMPOUND, CONCENTRATION, CONTROL_TYPE)
    if any(name not in asked.scores for name in needed):
        return missing(KEY, TITLE, "the plates state no compounds, doses or control types.")
    shown = shown_scores(asked)
    column = score_column(asked.task, "shown")
    scores = shown.rename(columns={"shown": column, "shown_sd": f"{column}_sd"})
    points = dose_points(scores, column) if len(scores) else pd.DataFrame()
    if points.empty:
        return missing(KEY, TITLE, "no treated bag with a dose has a score.")
    doses, vehicle = dose_scores(points), vehicle_scores(scores, column)
    name, simulated = shown_name(asked), asked.simulated
    write_csv(points.assign(shown=name, simulated=simulated), asked.output, "dose_points")
    write_csv(doses.assign(shown=name, simulated=simulated), asked.output, "dose_scores")
    compounds = compound_scores(doses)
    is_share = len(asked.classes) > 1
    labels = compound_labels(asked)
    return Section(
        KEY,
        TITLE,
        render(
            "mid_dose.html",
            all_curves=curves_drawing(doses, labels, vehicle, name, is_share),
            panels=panels_drawing(points, doses, drawn_compounds(compounds), name, is_share),
            summary=compounds_table(compounds, labels),
            shown=name,
            vehicle=len(vehicle),
        ),
        simulated=asked.simulated,
    )


def shown_name(asked: ExplainInput) -> str:
    """What the shown score is the probability of."""
    return asked.positive if len(asked.classes) <= 2 else "own class"


def compound_labels(asked: ExplainInput) -> pd.Series:
    """The known class of each compound, by name; one with several classes is left out."""
    known = asked.manifest[asked.manifest["label"] >= 0]
    if COMPOUND not in known:
        return pd.Series(dtype=str)
    groups = known.groupby(COMPOUND)["label"]
    first = groups.first()[groups.nunique() == 1]
    return first.map(lambda number: asked.classes[int(number)])


def drawn_compounds(compounds: pd.DataFrame) -> list[str]:
    """The compounds with panels of their own: of the highest and of the lowest top doses."""
    names = list(compounds["compound"])
    if len(names) <= _MOST_DRAWN:
        return names
    half = _MOST_DRAWN // 2
    return names[:half] + names[-half:]


def compounds_table(compounds: pd.DataFrame, labels: pd.Series) -> Table:
    """A row a compound, its known class beside."""
    rows = compounds.head(_MOST_ROWS)
    shown = pd.DataFrame(
        {
            "Compound": rows["compound"],
            "Known class": rows["compound"].map(labels).fillna("not known"),
            "Doses": rows["n_doses"],
            "Wells": rows["n_wells"],
            "Mean, all doses": rows["mean"].map(number),
            "Highest dose, µM": rows["top_um"].map(short),
            "Mean there": rows["top_mean"].map(number),
            "SD there": rows["top_sd"].map(number),
            "Highest − lowest dose": rows["rise"].map(number),
        }
    )
    more = f" {len(compounds) - len(rows)} more are in dose_scores.csv." * (
        len(compounds) > len(rows)
    )
    return table_of(shown, f"Compounds by the score of their highest dose.{more}")
