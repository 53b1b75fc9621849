"""A table of compounds labels a training: `--labels` with `--labels_by`."""

import logging

import pandas as pd
import pytest

from cellscreen.errors import ConfigError, PlateTableError
from cellscreen.fitting.fit_config import FitConfig
from cellscreen.pipelines.fold_config import FoldConfig
from cellscreen.plates.table import read_plate_table
from cellscreen.records.build import build_plates
from cellscreen.training.edges.config import DataConfig, EdgesConfig
from cellscreen.training.edges.data import load_edges

KEY = "{}AAAAAAAAAAAA-BBBBBBBBBB-N"


@pytest.fixture(scope="module")
def screen(cultures, tmp_path_factory):
    """One prepared plate whose wells A01 to A06 have six compounds with an InChIKey."""
    table = read_plate_table(cultures)
    table = table[table["Metadata_Plate"] == "AC16_hypoxia"]
    letters = table["Metadata_Well"].map({f"A{n:02d}": c for n, c in enumerate("UVWXYZ", 1)})
    table = table.assign(Metadata_InChIKey=[KEY.format(2 * letter) for letter in letters])
    root = tmp_path_factory.mktemp("screen")
    build_plates(table.assign(Metadata_pert_iname="drug " + letters), root, "hcs")
    return root


def _load(screen, path, lines, by="inchikey"):
    path.write_text("\n".join(lines))
    data = DataConfig(
        data_dir=str(screen),
        dataset="hcs",
        labels=str(path),
        labels_by=by,
        classes=("nontoxic", "toxic"),
    )
    return load_edges(EdgesConfig(data, FoldConfig(folds=2), fit=FitConfig(batch_size=2))).manifest


def test_compounds_give_the_classes_and_what_does_not_join_is_logged(screen, tmp_path, caplog):
    labels = ["toxic", "toxic", "nontoxic", "nontoxic", "Inconclusive"]
    lines = [f"{KEY.format(2 * c)},{label}" for c, label in zip("UVWXY", labels, strict=True)]
    lines = ["InChIKey,label", *lines, f"{KEY.format('QQ')},toxic"]
    with caplog.at_level(logging.INFO, logger="cellscreen"):
        manifest = _load(screen, tmp_path / "herg.csv", lines)
    wells = manifest["key"].str.split("/").str[1]
    found = manifest.groupby(wells)["label"].unique().map(list).to_dict()
    assert {well: label for well, (label,) in found.items() if label >= 0} == {
        "A01": 1, "A02": 1, "A03": 0, "A04": 0,
    }  # fmt: skip
    assert "Compounds without a label: 1." in caplog.text
    assert "drug Z" in caplog.text
    assert "Labels whose compound has no image: 1." in caplog.text
    assert "none of the classes are not trained on: Inconclusive 2." in caplog.text


def test_names_join_too(screen, tmp_path):
    lines = ["compound,label", "Drug-U,toxic", "drug v,toxic", "DRUG W,nontoxic", "drug_x,nontoxic"]
    manifest = _load(screen, tmp_path / "names.csv", lines, by="name")
    assert (manifest["label"] >= 0).sum() == 8


def test_two_labels_for_one_compound_stop_the_training(screen, tmp_path):
    key = KEY.format("UU")
    lines = ["InChIKey,label", f"{key},toxic", f"{key},nontoxic"]
    with pytest.raises(PlateTableError, match=r"Two labels for one compound.*toxic, nontoxic"):
        _load(screen, tmp_path / "two.csv", lines)


def test_key_without_a_table():
    with pytest.raises(ConfigError, match=r"Expected --labels.*beside --labels_by"):
        DataConfig(data_dir="x", labels_by="name")


def test_empty_key_leaves_plain_label_files_as_they_were(screen, tmp_path):
    lines = ["well,label", *(f"A0{n},{'toxic' if n < 4 else 'nontoxic'}" for n in range(1, 7))]
    manifest = _load(screen, tmp_path / "wells.csv", lines, by="")
    assert pd.Series(manifest["label"]).value_counts().to_dict() == {0: 6, 1: 6}
