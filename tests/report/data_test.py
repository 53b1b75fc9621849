import json

import pandas as pd
import pytest

from cellscreen import commands
from cellscreen.errors import ConfigError, DataError, ImageError, PlateTableError, ScoreError
from cellscreen.report.data import read_report_data
from cellscreen.report.page import write_report
from cellscreen.report.runs import read_run


def test_run_has_scores_of_held_out_trained_images_only(run_folder):
    run = read_run(run_folder())
    assert len(run.predictions) == 12
    assert not {"p/B01/1", "p/C01/1"} & set(run.predictions["key"])
    assert list(run.predictions["score"][:4]) == [0.1, 0.2, 0.8, 0.9]
    assert list(run.histories) == [0, 1, 2]
    assert run.figure("plain", "f1") == pytest.approx(0.8)
    assert run.interval("plain", "f1") == pytest.approx((0.85, 0.95))
    assert run.figure("plain", "none") != run.figure("plain", "none")


def test_runs_of_one_name_are_told_apart(run_folder):
    runs = [run_folder("ac16/plain"), run_folder("h9c2/plain"), run_folder("dense")]
    names = [run.name for run in read_report_data(runs=runs).runs]
    assert names == ["ac16/plain", "h9c2/plain", "dense"]


def test_nothing_to_report_on():
    with pytest.raises(ConfigError, match="Expected something to report on, got nothing"):
        read_report_data()


def test_truth_alone_is_refused(run_folder):
    with pytest.raises(ConfigError, match=r"Expected --hits beside --truth or --oracle_hits"):
        read_report_data(runs=[run_folder()], truth="truth.csv")


@pytest.mark.parametrize(
    "name", ["run.json", "config.json", "metrics.csv", "folds.csv", "fold_1/history.csv"]
)
def test_a_missing_file_of_a_run_is_named(run_folder, name):
    folder = run_folder()
    (folder / name).unlink()
    with pytest.raises(ConfigError, match=rf"No such file.*\[file .*{name}\].*train command"):
        read_run(folder)


def test_a_run_without_summary_is_not_finished(tmp_path):
    with pytest.raises(ConfigError, match=r"Expected the folder of a finished run, run\.json: No"):
        read_run(tmp_path / "nowhere")


def test_a_fold_without_predictions_is_told(run_folder):
    folder = run_folder()
    predictions = folder / "fold_2" / "predictions.csv"
    pd.read_csv(predictions).head(1).to_csv(predictions, index=False)
    with pytest.raises(ConfigError, match=r"Expected a prediction for every held-out image.*ac16"):
        read_run(folder)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("{", r"Expected JSON: .*run\.json"),
        ("[]", r"Expected a JSON object.*run\.json"),
        ('{"task": "x", "classes": []}', r"missing: net, group, .*run\.json"),
    ],
)
def test_a_damaged_summary_is_told(run_folder, content, message):
    folder = run_folder()
    (folder / "run.json").write_text(content)
    with pytest.raises(ConfigError, match=message):
        read_run(folder)


def test_a_run_of_three_classes_is_told(run_folder):
    folder = run_folder(classes=["a", "b", "c"])
    with pytest.raises(ConfigError, match=r"training on two classes, got a, b, c.*model_card.md"):
        read_run(folder)


def test_a_table_without_its_columns_is_told(run_folder):
    folder = run_folder()
    (folder / "metrics.csv").write_text("model,value\n")
    with pytest.raises(
        ConfigError, match=r"Expected columns fold, metric, low, high\. \[file .*metrics\.csv"
    ):
        read_run(folder)


def test_missing_votes_truth_and_images_are_named(votes_folder, tmp_path):
    with pytest.raises(ScoreError, match=r"got no votes\.parquet.*cellscreen vote"):
        read_report_data(votes=tmp_path / "hits.csv")
    with pytest.raises(ScoreError, match=r"Expected the truth.*truth\.csv"):
        read_report_data(votes=votes_folder(), truth=tmp_path / "truth.csv")
    with pytest.raises(PlateTableError, match="nowhere"):
        read_report_data(images=[tmp_path / "nowhere"])


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, r"Expected dose figures as CSV: .*No such file.*dose\.csv"),
        ("", r"Expected dose figures as CSV: .*dose\.csv"),
        ("rho,low\n", r"Expected dose figures as CSV, got no row\. \[file .*dose\.csv\]"),
    ],
)
def test_bad_dose_figures_are_told(tmp_path, content, message):
    path = tmp_path / "dose.csv"
    if content is not None:
        path.write_text(content)
    with pytest.raises(DataError, match=message):
        read_report_data(doses=path)


def test_a_damaged_image_is_named_and_no_page_is_written(images_folder, tmp_path):
    folder = images_folder()
    for path in folder.glob("*.png"):
        path.write_bytes(b"")
    data = read_report_data(images=[folder])
    with pytest.raises(ImageError, match=r"0 bytes.*png, plate hypoxia, well A04"):
        write_report(data, tmp_path / "report.html", "t")
    assert not (tmp_path / "report.html").exists()


def test_the_verb_says_what_is_wrong(run_folder, tmp_path, capsys):
    words = ["report", f"--output={tmp_path / 'r.html'}"]
    assert commands.main(words) == 2
    assert "got nothing" in capsys.readouterr().err
    summary = json.loads((run_folder() / "run.json").read_text())
    assert summary["net"] == "plain"
    assert commands.main([*words, f"--runs={tmp_path / 'runs'}"]) == 2
    assert "run.json" in capsys.readouterr().err
