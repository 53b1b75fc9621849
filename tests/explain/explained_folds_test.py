import logging

import pandas as pd
import pytest

from cellscreen.errors import ConfigError
from cellscreen.explain.explained_folds import manifest_of_bags, read_fold_predictions

BAGS = pd.DataFrame({"key": ["P/A01", "P/A02"], "cells": [3, 4], "Metadata_Plate": "P"})
MANIFEST = pd.DataFrame(
    {
        "key": ["P/A02", "P/A01"],
        "group": ["b", "a"],
        "fold": [1, 0],
        "label": [1, -1],
        "label_mito": [0, 1],
        "trained": [True, False],
        "checksum": ["two", "one"],
    }
)
SUMS = ["one", "two"]


def test_folds_are_brought_into_the_order_of_the_bags(tmp_path):
    found = manifest_of_bags(MANIFEST, BAGS, SUMS, "label", tmp_path)

    assert found["key"].tolist() == ["P/A01", "P/A02"]
    assert found["fold"].tolist() == [0, 1]
    assert found["group"].tolist() == ["a", "b"]
    assert found["label"].tolist() == [-1, 1]
    assert found["trained"].tolist() == [False, True]
    assert found["cells"].tolist() == [3, 4]


def test_labels_are_those_of_the_question(tmp_path):
    of_task = manifest_of_bags(MANIFEST, BAGS, SUMS, "label_mito", tmp_path)["label"]
    of_dose = manifest_of_bags(MANIFEST, BAGS, SUMS, "", tmp_path)["label"]

    assert (of_task.tolist(), of_dose.tolist()) == ([1, 0], [-1, -1])


def test_bags_that_are_not_of_the_run_are_in_no_fold(tmp_path, caplog):
    with caplog.at_level(logging.WARNING):
        found = manifest_of_bags(MANIFEST[:1], BAGS, SUMS, "label", tmp_path)

    assert found["fold"].tolist() == [-1, 1]
    assert "1 of 2 bags are not of the run" in caplog.text


def test_a_missing_bag_is_an_error(tmp_path):
    with pytest.raises(ConfigError, match="1 of 2 are not prepared, such as 'P/A02'"):
        manifest_of_bags(MANIFEST, BAGS[:1], SUMS[:1], "label", tmp_path)


def test_bags_of_other_images_are_an_error(tmp_path):
    with pytest.raises(ConfigError, match="1 bags are of other files, such as 'P/A01'"):
        manifest_of_bags(MANIFEST, BAGS, ["other", "two"], "label", tmp_path)


def test_an_unfinished_fold_is_an_error(tmp_path):
    with pytest.raises(ConfigError, match="Fold 0 of this run has no finished model"):
        read_fold_predictions(tmp_path, [0])
