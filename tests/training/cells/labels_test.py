import dataclasses
import logging

import pandas as pd
import pytest

from cellscreen.errors import ConfigError, DataError
from cellscreen.training.cells.config import CellDataConfig
from cellscreen.training.cells.labels import cell_labels

TARGET = CellDataConfig("d", label_column="target")
NAME = CellDataConfig("d", label_column="pert_iname")


@pytest.fixture
def fields():
    rows = [
        ("DMSO", "negcon", "", ""),
        ("DMSO", "negcon", "", "nan"),
        ("FK-866", "trt", "b1", "NAMPT"),
        ("FK-866", "trt", "b2", "NAMPT"),
        ("AMG-900", "trt", "b3", "AURKA|AURKB"),
        ("AZ-1", "trt", "b4", "AURKA"),
        ("AZ-2", "trt", "b5", None),
    ]
    names = ["pert_iname", "control_type", "broad_sample", "target"]
    return pd.DataFrame(rows, columns=[f"Metadata_{name}" for name in names])


def _named(found):
    return [found.classes[label] if label >= 0 else "" for label in found.labels]


def test_all_values_of_a_column_are_classes(fields):
    found = cell_labels(fields, NAME)
    assert found.classes == ("AMG-900", "AZ-1", "AZ-2", "DMSO", "FK-866")
    assert _named(found) == fields["Metadata_pert_iname"].tolist()


def test_several_samples_of_a_compound_are_one_class_and_counted(fields, caplog):
    with caplog.at_level(logging.INFO):
        found = cell_labels(fields, NAME)
    assert found.counts["compounds_of_several_samples"] == 1
    assert "1 compounds have several broad_samples: one class each." in caplog.text


def test_controls_without_a_target_get_a_class_and_others_are_not_trained_on(fields, caplog):
    with caplog.at_level(logging.INFO):
        found = cell_labels(fields, TARGET)
    assert _named(found)[:2] == ["DMSO", "DMSO"]
    assert found.labels.iloc[-1] == -1
    assert found.counts["images_unlabelled"] == 1
    assert found.counts["images_of_named_controls"] == 2
    assert "1 of 7 images have no class in target: they are scored and not trained" in caplog.text
    assert "2 images of negative controls have no target: their class is DMSO." in caplog.text


def test_controls_are_left_out_where_they_get_no_name(fields):
    found = cell_labels(fields, dataclasses.replace(TARGET, negcon_class=""))
    assert "DMSO" not in found.classes
    assert found.counts["images_unlabelled"] == 3


@pytest.mark.parametrize(
    ("rule", "expected"), [("joined", "AURKA|AURKB"), ("first", "AURKA"), ("drop", "")]
)
def test_values_of_several_targets_follow_the_rule(fields, rule, expected, caplog):
    with caplog.at_level(logging.WARNING):
        found = cell_labels(fields, dataclasses.replace(TARGET, multi_label=rule))
    assert _named(found)[4] == expected
    assert found.counts["images_of_several_values"] == 1
    assert "1 images have several values in target (A|B)" in caplog.text


def test_given_classes_are_the_only_ones(fields):
    found = cell_labels(fields, dataclasses.replace(NAME, classes=("FK-866", "DMSO")))
    assert found.labels.tolist() == [1, 1, 0, 0, -1, -1, -1]


def test_columns_and_classes_that_are_not_there_are_errors(fields):
    with pytest.raises(ConfigError, match=r"one of the columns broad_sample.*got 'moa'"):
        cell_labels(fields, dataclasses.replace(NAME, label_column="moa"))
    with pytest.raises(DataError, match=r"No image has .*pert_iname=taxol"):
        cell_labels(fields, dataclasses.replace(NAME, classes=("DMSO", "taxol")))
    with pytest.raises(DataError, match=r"two classes or more in pert_iname; got \['DMSO'\]"):
        cell_labels(fields.iloc[:2], NAME)
