import numpy as np
import pandas as pd
import pytest

from cellscreen.judging.baselines import baseline_predictions

TWO, THREE = ("normoxia", "hypoxia"), ("a", "b", "c")


def manifest(labels, folds, wells=None, trained=True):
    n = len(labels)
    frame = pd.DataFrame(
        {"key": [f"p/{i}" for i in range(n)], "group": [f"g{i}" for i in range(n)]}
    )
    return frame.assign(
        fold=folds, label=labels, trained=trained, inner=False, Metadata_Well=wells or ["dish"] * n
    )


def test_majority_answers_with_the_frequencies_of_the_training_part():
    frame = baseline_predictions(manifest([0, 1, 2, 2], [0, 0, 1, 1]), THREE, {})["majority_class"]
    assert list(frame.columns) == ["key", "group", "fold", "label", "p_a", "p_b", "p_c"]
    answers = frame[["p_a", "p_b", "p_c"]].to_numpy()
    assert answers.tolist() == [[0, 0, 1], [0, 0, 1], [0.5, 0.5, 0], [0.5, 0.5, 0]]


def test_rows_that_are_never_held_out_always_train():
    found = baseline_predictions(manifest([0, 1, 0, 0], [-1, -1, 0, 0]), TWO, {})
    frame = found["majority_class"]
    assert frame["key"].tolist() == ["p/2", "p/3"]
    assert frame["p_hypoxia"].tolist() == [0.5, 0.5]


def test_rows_that_are_not_trained_count_nothing():
    data = manifest([0, 1, -1, 0], [0, 1, 0, 1], trained=[True, True, False, True])
    assert baseline_predictions(data, TWO, {})["majority_class"]["key"].tolist() == [
        "p/0",
        "p/1",
        "p/3",
    ]


def test_a_feature_that_tells_the_classes_apart_does_so_held_out():
    labels, folds = [0, 1, 2] * 4, np.repeat([0, 1], 6)
    values = pd.Series([1.0, 5.0, 9.0] * 4)
    frame = baseline_predictions(manifest(labels, folds), THREE, {"cells": values})["cells"]
    answers = frame[["p_a", "p_b", "p_c"]].to_numpy()
    assert answers.argmax(axis=1).tolist() == labels
    assert answers.sum(axis=1) == pytest.approx(1)


def test_a_class_that_a_training_part_lacks_gets_no_probability():
    data = manifest([0, 1, 0, 1, 2, 2], [0, 0, 1, 1, 1, 1])
    frame = baseline_predictions(data, THREE, {"cells": pd.Series([1.0, 5, 1, 5, 9, 9])})["cells"]
    assert frame["p_c"][2:].tolist() == [0] * 4
    assert (frame["p_c"][:2] > 0).all()


def test_a_feature_that_an_image_lacks_is_undefined():
    labels, folds = [0, 1, 0, 1], [0, 0, 1, 1]
    frames = baseline_predictions(
        manifest(labels, folds), TWO, {"cells": pd.Series([1, np.nan, 1, 2])}
    )
    assert frames["cells"]["p_hypoxia"].isna().all()


def test_positions_of_wells_predict_and_those_of_dishes_are_undefined():
    labels, folds = [0, 1, 0, 1], [0, 0, 1, 1]
    found = baseline_predictions(manifest(labels, folds, ["A01", "B02"] * 2), TWO, {})
    assert (found["well_position"]["p_hypoxia"] > 0.5).tolist() == [False, True, False, True]
    found = baseline_predictions(manifest(labels, folds), TWO, {})
    assert found["well_position"]["p_hypoxia"].isna().all()


def test_a_training_part_of_one_class_cannot_be_fitted():
    data = manifest([0, 0, 1, 1], [0, 0, 1, 1])
    frames = baseline_predictions(data, TWO, {"cells": pd.Series([1.0, 2, 3, 4])})
    assert frames["cells"]["p_hypoxia"].isna().all()
    assert frames["majority_class"]["p_hypoxia"].tolist() == [1, 1, 0, 0]
