"""What a reader of the true shapes would score: the ceiling that nets are seen against.

The oracle is a logistic regression on two true means of a field, nuclear area and roundness. It
sets the simulation's parameters (no net ever does) and stands beside the nets in the report.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import StratifiedGroupKFold, cross_val_predict
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

from cellscreen.errors import DataError
from cellscreen.plates.columns import KEY
from cellscreen.plates.key import image_key
from cellscreen.simulate.config import CultureConfig
from cellscreen.simulate.layout import fields
from cellscreen.simulate.scene import draw_scene, measures
from cellscreen.simulate.writing import ORACLE_FILE

MODEL_ID = "oracle (simulated truth)"
FEATURES = ["nuclear_area_um2", "roundness"]
SCORE = "Score_hypoxia_hypoxia"


def true_measures(config: CultureConfig) -> pd.DataFrame:
    """Returns the oracle's measures of every field, without drawing a pixel.

    Example:
        >>> table = true_measures(CultureConfig(wells=1, sites=1))
        >>> table["key"][0]
        'AC16-12h-normoxia-b1/A01/1'
    """
    return pd.DataFrame(
        [measures(config, field, draw_scene(config, field)) for field in fields(config)]
    )


def read_oracle(folder: str | Path) -> pd.DataFrame:
    """Returns `oracle.csv` of a simulation's folder: key and true measures, a row per field."""
    path = Path(folder) / ORACLE_FILE
    if not path.is_file():
        raise DataError(
            f"Expected {ORACLE_FILE} in a folder of simulated images, got none.",
            file=path,
            fix="Give a folder that `cellscreen simulate` has written whole.",
        )
    return pd.read_csv(path)


def cross_validated_scores(table: pd.DataFrame, truth: pd.DataFrame, folds: int = 4) -> pd.Series:
    """Scores labelled fields by models that did not see their well.

    Args:
        table: plate table of one group (one cell line), a row per field.
        truth: its measures, from `true_measures` or `read_oracle`.
        folds: number of folds; wells stay whole.

    Returns:
        float64 in [0, 1], the probability of hypoxia, indexed as `table`.
    """
    joined = _joined(table, truth)
    wells = joined["Metadata_Plate"] + "/" + joined["Metadata_Well"]
    splitter = StratifiedGroupKFold(folds, shuffle=True, random_state=0)
    labels = joined["Metadata_condition"] == "hypoxia"
    scores = cross_val_predict(
        _model(), joined[FEATURES], labels, groups=wells, cv=splitter, method="predict_proba"
    )
    return pd.Series(scores[:, 1], index=table.index, name=SCORE)


def group_aucs(table: pd.DataFrame, truth: pd.DataFrame) -> pd.DataFrame:
    """Returns the oracle's AUC per cell line and time: cell_line, hours, images, auc."""
    rows = []
    for (line, hours), group in table.groupby(["Metadata_cell_line", "Metadata_hours"]):
        scores = cross_validated_scores(group, truth)
        auc = roc_auc_score(group["Metadata_condition"] == "hypoxia", scores)
        rows.append({"cell_line": line, "hours": hours, "images": len(group), "auc": auc})
    return pd.DataFrame(rows)


def oracle_scores(
    cultures: pd.DataFrame,
    cultures_truth: pd.DataFrame,
    screen: pd.DataFrame,
    screen_truth: pd.DataFrame,
) -> pd.DataFrame:
    """Scores a screen by the oracle of each cell line, fitted on all its cultures (II.D).

    Args:
        cultures: plate table of the labelled cultures.
        cultures_truth: their measures.
        screen: plate table of the screen.
        screen_truth: its measures.

    Returns:
        A score table at image level, a row per row of `screen`.

    Raises:
        DataError: if the screen has a cell line that the cultures lack.
    """
    parts = []
    for line, rows in _joined(screen, screen_truth).groupby("Metadata_cell_line", sort=False):
        known = _joined(cultures[cultures["Metadata_cell_line"] == line], cultures_truth)
        if known["Metadata_condition"].nunique() < 2:
            raise DataError(f"Expected cultures of {line} in both conditions, got none or one.")
        model = _model().fit(known[FEATURES], known["Metadata_condition"] == "hypoxia")
        parts.append(_score_table(rows, model.predict_proba(rows[FEATURES])))
    return pd.concat(parts, ignore_index=True)


def _score_table(rows: pd.DataFrame, probabilities: np.ndarray) -> pd.DataFrame:
    metadata = rows[[name for name in rows if str(name).startswith("Metadata_")]]
    return metadata.assign(
        key=rows["key"],
        level="image",
        model_id=MODEL_ID,
        fold=pd.array([pd.NA] * len(rows), dtype="Int64"),
        n_images=1,
        Score_hypoxia_normoxia=probabilities[:, 0],
        Score_hypoxia_normoxia_sd=np.nan,
        Score_hypoxia_hypoxia=probabilities[:, 1],
        Score_hypoxia_hypoxia_sd=np.nan,
    )


def _joined(table: pd.DataFrame, truth: pd.DataFrame) -> pd.DataFrame:
    """Joins measures to a plate table by key; every row must find its measures."""
    columns = [table[name] for name in KEY]
    keys = [image_key(*parts) for parts in zip(*columns, strict=True)]
    joined = table.assign(key=keys).merge(truth, on="key", how="left")
    lost = joined.loc[joined["roundness"].isna(), "key"]
    if len(lost):
        raise DataError(
            f"Expected true measures of every field, none for {len(lost)}: {lost.iloc[0]} …",
            fix="Give oracle.csv and images of one and the same simulation.",
        )
    return joined


def _model() -> Pipeline:
    return make_pipeline(StandardScaler(), LogisticRegression(C=10.0))
