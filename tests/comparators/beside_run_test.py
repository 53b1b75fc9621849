import json

import numpy as np
import pandas as pd
import pytest

from cellscreen import commands
from cellscreen.commands import comparators as verb
from cellscreen.comparators.answers import run_answers
from cellscreen.comparators.bag_run import read_bag_run
from cellscreen.comparators.beside_run import comparator_answers
from cellscreen.comparators.config import INTENSITIES, LIGHTGBM, POSITION, ComparatorConfig
from cellscreen.errors import ConfigError, RecordError
from cellscreen.fitting.flags import config_to_json
from cellscreen.pipelines.folds import write_manifest
from cellscreen.training.bags.config import BagDataConfig, BagsConfig

PLAIN = ComparatorConfig(comparators=(LIGHTGBM, INTENSITIES, POSITION), trees=10)
FLAGS = ["--comparators=lightgbm_features,mean_intensities,well_position", "--trees=10"]


@pytest.fixture
def cells(make_cells):
    return make_cells(compounds=24, wells_each=2).assign(Metadata_simulated=True)


@pytest.fixture
def workdir(cells, make_manifest, tmp_path):
    """A finished run whose net is sure of toxic wells, and undecided of others."""
    manifest, folder = make_manifest(cells), tmp_path / "run"
    folder.mkdir()
    write_manifest(manifest, folder / "folds.csv")
    config = BagsConfig(BagDataConfig("nowhere", label_column="label"))
    (folder / "config.json").write_text(config_to_json(config))
    (folder / "run.json").write_text(json.dumps({"seconds": 1.0}))
    score = np.where(np.arange(len(manifest)) % 2, 0.9 * manifest["label"], 0.5)
    said = manifest[["key", "label", "fold"]].assign(p_nontoxic=1 - score, p_toxic=score)
    for fold, part in said.groupby("fold"):
        (folder / f"fold_{fold}").mkdir()
        part.to_csv(folder / f"fold_{fold}" / "predictions.csv", index=False)
    return folder


def test_a_run_s_answers_are_those_of_trained_rows(workdir, cells, make_manifest):
    found, manifest = run_answers(workdir), make_manifest(cells)
    trained = manifest[manifest["trained"]]
    assert found["key"].tolist() == trained["key"].tolist()
    assert found["group"].tolist() == trained["group"].tolist()
    assert found["p_toxic"].tolist() == np.where(trained["label"] == 1, 0.9, 0.5).tolist()


def test_an_unfinished_run_has_no_answers(workdir):
    (workdir / "run.json").unlink()
    with pytest.raises(ConfigError, match="Expected a finished run"):
        run_answers(workdir)
    with pytest.raises(ConfigError, match="Expected a run"):
        read_bag_run(workdir / "fold_0")


def test_comparators_are_kept_and_read_again(workdir, cells, tmp_path):
    first = comparator_answers(workdir, tmp_path / "out", PLAIN, cells)
    assert list(first) == list(PLAIN.comparators)
    # Other cells would give other answers, were they asked.
    again = comparator_answers(workdir, tmp_path / "out", PLAIN, cells.iloc[:0])
    for name in first:
        pd.testing.assert_frame_equal(first[name], again[name])
        assert first[name]["p_toxic"].notna().all()


def test_a_folder_is_of_one_config_and_of_one_set_of_folds(workdir, cells, tmp_path):
    comparator_answers(workdir, tmp_path / "out", PLAIN, cells)
    other = ComparatorConfig(comparators=PLAIN.comparators, trees=11)
    with pytest.raises(ConfigError, match="comparators of other flags: trees: 10 -> 11"):
        comparator_answers(workdir, tmp_path / "out", other, cells)
    folds = pd.read_csv(workdir / "folds.csv", dtype=str, keep_default_na=False)
    folds.assign(fold=folds["fold"].map({"0": "1", "1": "2", "2": "0"})).to_csv(
        workdir / "folds.csv", index=False
    )
    with pytest.raises(ConfigError, match="comparators of other folds or labels"):
        comparator_answers(workdir, tmp_path / "out", PLAIN, cells)


def test_without_a_table_the_run_s_own_records_are_wanted(workdir, tmp_path):
    with pytest.raises(RecordError, match="No prepared plate of dataset hcs, kind cells"):
        comparator_answers(workdir, tmp_path / "out", PLAIN)


def test_a_run_of_doses_has_no_comparators(workdir):
    text = (workdir / "config.json").read_text().replace('"classes"', '"log_dose"', 1)
    text = text.replace('"label_column": "label"', '"label_column": ""')
    text = text.replace('"label_smoothing": 0.1', '"label_smoothing": 0.0')
    (workdir / "config.json").write_text(text)
    with pytest.raises(ConfigError, match="with --target=classes, which comparators are for"):
        read_bag_run(workdir)


def test_the_verb_writes_one_table_and_its_verdict(workdir, cells, tmp_path, capsys):
    cells.to_parquet(tmp_path / "cells.parquet")
    words = [f"--model={workdir}", f"--cells={tmp_path / 'cells.parquet'}", *FLAGS]
    assert commands.run(verb, [*words, f"--output={tmp_path / 'out'}"]) == 0
    said = capsys.readouterr().out
    assert "SIMULATED images" in said
    assert "does not earn its keep here: not above" in said
    table = pd.read_csv(tmp_path / "out" / "figures.csv")
    assert set(table["level"]) == {"well", "compound_dose", "compound"}
    assert set(table["model"]) == {"resnet18_transformer", *PLAIN.comparators}
    assert (tmp_path / "out" / "comparators.md").read_text() in said
