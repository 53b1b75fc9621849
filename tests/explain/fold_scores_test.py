import numpy as np
import pandas as pd
import pytest

from cellscreen.errors import ScoreError
from cellscreen.explain.fold_scores import fold_scores, out_of_fold
from cellscreen.screening.scores import check_scores, read_scores, write_scores

BAGS = pd.DataFrame(
    {
        "key": ["P/A01", "P/A02", "P/A03"],
        "Metadata_Plate": "P",
        "Metadata_Well": ["A01", "A02", "A03"],
        "n_fields": [2, 2, 1],
        "cells": [5, 0, 7],
    }
)
PREDICTIONS = pd.DataFrame(
    {
        "key": ["P/A03", "P/A02", "P/A01"],
        "fold": [1, 0, 0],
        "p_no": [0.3, np.nan, 0.9],
        "p_yes": [0.7, np.nan, 0.1],
        "sd_no": [0.02, np.nan, 0.01],
        "sd_yes": [0.02, np.nan, 0.01],
    }
)


def made(unit="well", predictions=PREDICTIONS):
    return fold_scores(predictions, BAGS, "tox", ("no", "yes"), "mid", unit)


def test_predictions_become_a_score_table(tmp_path):
    found = made()

    assert found["key"].tolist() == ["P/A01", "P/A03"]
    assert found["Score_tox_yes"].tolist() == [0.1, 0.7]
    assert found["Score_tox_yes_sd"].tolist() == [0.01, 0.02]
    assert found["fold"].tolist() == [0, 1]
    assert found["n_images"].tolist() == [2, 1]
    assert set(found["level"]) == {"well"}
    write_scores(found, tmp_path / "scores.parquet")
    assert read_scores(tmp_path / "scores.parquet")["key"].tolist() == ["P/A01", "P/A03"]


def test_bags_of_fields_are_scored_as_images_and_need_no_spread():
    found = made("field", PREDICTIONS.drop(columns=["sd_no", "sd_yes"]))

    check_scores(found)
    assert set(found["level"]) == {"image"}
    assert found["Score_tox_no_sd"].isna().all()


def test_no_score_at_all_is_an_error():
    with pytest.raises(ScoreError, match="Expected scores of held-out bags"):
        made(predictions=PREDICTIONS[PREDICTIONS["p_no"].isna()])


def test_only_scores_of_the_fold_that_held_a_bag_out_are_kept():
    manifest = pd.DataFrame({"key": ["P/A01", "P/A03"], "fold": [0, 0]})

    # A03 was scored by the net of fold 1 and held out by fold 0.
    assert out_of_fold(made(), manifest)["key"].tolist() == ["P/A01"]


def test_scores_of_other_bags_are_refused(tmp_path):
    manifest = pd.DataFrame({"key": ["Q/A01"], "fold": [0]})
    with pytest.raises(ScoreError, match=r"no row is of the run's bags.*scores\.parquet"):
        out_of_fold(made(), manifest, tmp_path / "scores.parquet")


def test_a_bag_of_a_holdouts_training_part_is_not_out_of_fold():
    manifest = pd.DataFrame({"key": ["P/A01", "P/A03"], "fold": [0, -1]})
    scores = made().assign(fold=pd.array([0, -1], dtype="Int64"))

    assert out_of_fold(scores, manifest)["key"].tolist() == ["P/A01"]
