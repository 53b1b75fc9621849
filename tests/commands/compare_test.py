"""The verb compare: what it prints, and the page it draws."""

import json

import pandas as pd
import pytest

from cellscreen import commands


@pytest.fixture
def runs(tmp_path):
    """Two finished runs, `low` with F1 0.6 and `high` with 0.9, in one folder."""
    for name, value in (("low", 0.6), ("high", 0.9)):
        folder = tmp_path / "runs" / name
        folder.mkdir(parents=True)
        (folder / "config.json").write_text(json.dumps({"fit": {"epochs": int(10 * value)}}))
        said = {"net": "plain", "group": "AC16 48 h", "fold_by": "well", "folds": 2}
        said |= {"leaky": False, "simulated": True, "seconds": 9.0, "below_baseline": []}
        (folder / "run.json").write_text(json.dumps(said))
        columns = ["model", "fold", "metric", "value", "low", "high"]
        rows = [
            ("plain", fold, metric, value, value - 0.1, value + 0.1)
            for metric in ("accuracy", "precision", "recall", "f1", "auroc")
            for fold in ("mean", "sd", "pooled")
        ]
        pd.DataFrame(rows, columns=columns).to_csv(folder / "metrics.csv", index=False)
        (folder / "folds.csv").write_text("key,fold,label,trained\na,0,0,True\nb,1,1,True\n")
    return tmp_path / "runs"


def test_it_prints_runs_and_differences(runs, capsys):
    assert commands.main(["compare", f"--runs={runs / 'low'},{runs / 'high'}"]) == 0
    text = capsys.readouterr().out
    rows = [line.split() for line in text.splitlines()]
    assert next(row for row in rows if row[:1] == ["low"])[1:4] == ["plain", "AC16", "48"]
    assert ["epochs", "6", "9"] in rows
    assert "Warning" not in text


def test_it_draws_one_page_of_a_folder_of_runs(runs, tmp_path, capsys):
    path = tmp_path / "page.html"
    assert commands.main(["compare", f"--runs={runs}", f"--output={path}"]) == 0
    assert f"Drawn in {path}" in capsys.readouterr().out
    text = path.read_text(encoding="utf-8")
    assert "SIMULATED DATA" in text
    assert "Pooled F1: high 0.900; low 0.600." in text
    assert "All runs have the same images, labels and folds." in text
    assert text.count("<svg") == 1
    assert "http:" not in text
    assert "<script" not in text


def test_different_data_are_warned_of_on_the_page(runs, tmp_path):
    (runs / "low/folds.csv").write_text("key,fold,label,trained\na,0,0,True\nc,1,1,True\n")
    path = tmp_path / "page.html"
    assert commands.main(["compare", f"--runs={runs}", f"--output={path}"]) == 0
    assert "2 different sets of images or labels" in path.read_text(encoding="utf-8")


def test_a_run_that_is_not_there_is_one_message(tmp_path, capsys):
    assert commands.main(["compare", f"--runs={tmp_path / 'none'}"]) == 2
    assert "Expected a finished run" in capsys.readouterr().err


def test_runs_may_be_plain_words_before_flags(runs, tmp_path, capsys):
    path = tmp_path / "page.html"
    words = [str(runs / "low"), str(runs / "high"), f"--output={path}"]
    assert commands.main(["compare", *words]) == 0
    assert path.is_file()
    assert ["epochs", "6", "9"] in [line.split() for line in capsys.readouterr().out.splitlines()]
    assert commands.main(["compare", str(runs / "high"), f"--runs={runs / 'low'}"]) == 0
    assert ["epochs", "6", "9"] in [line.split() for line in capsys.readouterr().out.splitlines()]


def test_no_run_at_all_is_a_usage_error(capsys):
    assert commands.main(["compare"]) == 2
    assert "Expected run folders to compare; got none." in capsys.readouterr().err
