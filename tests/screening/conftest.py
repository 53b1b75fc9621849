"""Small score tables, a row an image, from the columns that matter to a test."""

import pandas as pd
import pytest

DEFAULTS = {
    "plate": "p",
    "site": "1",
    "line": "AC16",
    "condition": "hypoxia",
    "hours": 48.0,
    "batch": "b1",
    "name": "DMSO",
    "dose": float("nan"),
    "control_type": "negcon",
    "fold": pd.NA,
}
NAMES = {
    "plate": "Metadata_Plate",
    "well": "Metadata_Well",
    "site": "Metadata_Site",
    "line": "Metadata_cell_line",
    "condition": "Metadata_condition",
    "hours": "Metadata_hours",
    "batch": "Metadata_batch",
    "name": "Metadata_pert_iname",
    "dose": "Metadata_concentration_um",
    "control_type": "Metadata_control_type",
}
SCORE = "Score_hypoxia_hypoxia"


def _table(rows):
    """`rows`: dicts with at least well and score; the rest as in DEFAULTS."""
    table = pd.DataFrame([DEFAULTS | row for row in rows])
    table["key"] = table[["line", "plate", "well", "site"]].agg("/".join, axis=1)
    if "model_id" not in table:
        table["model_id"] = "expert-" + table["line"]
    table = table.assign(level="image", n_images=1, fold=table["fold"].astype("Int64"))
    table[f"{SCORE}_sd"] = float("nan")
    return table.rename(columns=NAMES | {"score": SCORE})


def _screen(treated, controls, lines=("AC16", "H9C2"), **more):
    """A screen with `treated`: {compound: {line: scores of wells}}; `controls`: {line: scores}."""
    rows = []
    for line in lines:
        named = {("DMSO", "negcon", float("nan")): controls[line]}
        for name, scores in treated.items():
            named[name, "trt", 10.0] = scores.get(line, [])
        for (name, control_type, dose), scores in named.items():
            for number, score in enumerate(scores, start=1):
                row = {"line": line, "plate": line, "name": name, "control_type": control_type}
                rows.append(row | {"well": f"{name}-{number}", "dose": dose, "score": score} | more)
    return _table(rows)


@pytest.fixture
def score_table():
    return _table


@pytest.fixture
def screen():
    return _screen
