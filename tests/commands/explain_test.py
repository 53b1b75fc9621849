"""The verb on a tiny trained run: every section, made by nets that held out."""

import importlib.util
from pathlib import Path

import pandas as pd
import pytest

from cellscreen import commands
from cellscreen.errors import ConfigError
from cellscreen.explain.explained_run import read_explain_input
from cellscreen.screening.scores import write_scores

PLATES = Path(__file__).parents[1] / "training" / "bags" / "bag_plates.py"


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """A folder with `plate`, `records` and a trained `run` of 12 compounds, half of them toxic."""
    spec = importlib.util.spec_from_file_location("bag_plates", PLATES)
    plates = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(plates)
    from cellscreen.fitting.fit_config import FitConfig
    from cellscreen.training.bags.config import BagDataConfig
    from cellscreen.training.bags.run import train_and_evaluate

    folder = tmp_path_factory.mktemp("explain")
    plates.write_plate(folder / "plate", plates.toxic_looks(12), empty=("A01",))
    plates.build(folder / "plate", folder / "records")
    data = BagDataConfig(
        data_dir=str(folder / "records"),
        labels=str(folder / "plate" / "labels.csv"),
        labels_by="name",
    )
    config = plates.tiny_config(data, fit=FitConfig(batch_size=4, epochs=2))
    train_and_evaluate(config, folder / "run")
    return folder


def explain(run, output, *words):
    return commands.main(
        [
            "explain",
            f"--model={run / 'run'}",
            f"--output={output}",
            "--explain_draws=50",
            "--map_fields=2",
            "--gallery_compounds=2",
            "--false_compounds=1",
            "--deletion_shares=0.25",
            *words,
        ]
    )


@pytest.mark.slow
def test_the_page_and_its_tables_are_written(run, tmp_path, capsys):
    output = tmp_path / "explained"

    assert explain(run, output, f"--images={run / 'plate'}") == 0
    assert "23 bags of run explained out of fold" in capsys.readouterr().out
    text = (output / "index.html").read_text(encoding="utf-8")
    assert "Deletion test" in text
    assert "SIMULATED" not in text
    assert "patched from" not in text
    manifest = pd.read_csv(run / "run" / "folds.csv").set_index("key")["fold"]
    cells = pd.read_parquet(output / "attention.parquet")
    assert (cells["fold"] == cells["key"].map(manifest)).all()
    assert len(cells) == 23 * 4
    for name in ("deletion", "dose_scores", "compound_calls"):
        assert len(pd.read_csv(output / f"{name}.csv"))


@pytest.mark.slow
def test_the_attention_is_that_of_the_fold_that_held_a_bag_out(run, tmp_path):
    import numpy as np

    from cellscreen.explain.attention_table import attended_bag
    from cellscreen.fitting.run_folder import load_fold

    asked = read_explain_input(run / "run", tmp_path)
    row = int(asked.held_out[-1])
    crops = asked.index.read_crops(row)[None] / np.float32(255)
    inputs = {"crops": crops, "mask": np.ones((1, 4), bool)}
    by_fold = {
        fold: np.asarray(load_fold(run / "run", fold)(inputs)["attention"])[0] * 4
        for fold in sorted(set(asked.manifest["fold"]))
    }
    found = attended_bag(asked, row)["attention"]

    own = asked.fold_of(row)
    np.testing.assert_allclose(found, by_fold[own], atol=1e-5)
    assert not any(np.allclose(found, by_fold[k], atol=1e-5) for k in by_fold if k != own)


@pytest.mark.slow
def test_the_folds_predictions_are_the_scores(run, tmp_path):
    asked = read_explain_input(run / "run", tmp_path)
    fold = pd.read_csv(run / "run" / "fold_0" / "predictions.csv").dropna(subset="p_toxic")
    mine = asked.scores.set_index("key")["Score_toxicity_toxic"]

    assert len(asked.scores) == 23
    assert mine[fold["key"]].to_numpy() == pytest.approx(fold["p_toxic"].to_numpy())
    write_scores(asked.scores, tmp_path / "scores.parquet")
    again = read_explain_input(run / "run", tmp_path, scores=tmp_path / "scores.parquet")
    assert again.scores["key"].tolist() == asked.scores["key"].tolist()


@pytest.mark.slow
def test_explaining_twice_gives_the_same_page(run, tmp_path):
    for name in ("one", "other"):
        explain(run, tmp_path / name)

    pages = [(tmp_path / name / "index.html").read_bytes() for name in ("one", "other")]
    assert pages[0] == pages[1]
    assert b"patched from" in pages[0]


def test_a_run_of_another_kind_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr("cellscreen.explain.explained_run.read_config", lambda folder: object())
    with pytest.raises(ConfigError, match="Expected a run of nets of bags"):
        read_explain_input(tmp_path, tmp_path)


def test_a_folder_that_is_no_run_is_told(tmp_path, capsys):
    assert commands.main(["explain", f"--model={tmp_path}", f"--output={tmp_path}"]) == 2
    assert "there is no config.json" in capsys.readouterr().err
