"""Runs beside each other, from folders that hold figures only."""

import re

import pandas as pd
import pytest

from cellscreen.errors import ConfigError
from cellscreen.training.sweeps.compare import compare_runs, find_runs
from cellscreen.training.sweeps.compare_text import comparison_text
from cellscreen.training.sweeps.run_rows import figure_text, run_row

PLAIN = {"net_config": {"net": "plain"}, "fit": {"epochs": 3}, "machine": {"jit": "on"}}
DENSE = {"net_config": {"net": "dense"}, "fit": {"epochs": 3}, "machine": {"jit": "off"}}


def test_a_run_is_a_row(fake_run, tmp_path):
    row = run_row(fake_run(tmp_path / "r", PLAIN, 0.7, reach=0.1, below_baseline=["x (auroc 1)"]))
    assert (row["net"], row["group"], row["seconds"]) == ("plain", "AC16 48 h", 60.0)
    assert row["below_baseline"] == "x (auroc 1)"
    assert (row["auroc"], row["auroc_sd"], row["auroc_pooled"]) == (0.7, 0.01, 0.7)
    assert (row["auroc_low"], row["auroc_high"]) == pytest.approx((0.6, 0.8))
    assert row["majority_class_accuracy"] == 0.5
    assert pd.isna(row["majority_class_f1"])
    assert figure_text(row, "f1") == "0.700 ± 0.010 [0.600, 0.800]"
    assert figure_text(row | {"f1": float("nan")}, "f1") == "undefined"


def test_figures_without_intervals_are_read_as_undefined(fake_run, tmp_path):
    folder = fake_run(tmp_path / "r", PLAIN)
    table = pd.read_csv(folder / "metrics.csv").drop(columns=["low", "high"])
    table.to_csv(folder / "metrics.csv", index=False)
    row = run_row(folder)
    assert pd.isna(row["f1_low"])
    assert figure_text(row, "f1") == "0.800 ± 0.010"


def test_runs_stand_beside_each_other_with_what_differs(fake_run, tmp_path):
    fake_run(tmp_path / "a", PLAIN, 0.7)
    fake_run(tmp_path / "b", DENSE, 0.9, net="dense")
    metrics = pd.read_csv(tmp_path / "b/metrics.csv").replace({"model": {"plain": "dense"}})
    metrics.to_csv(tmp_path / "b/metrics.csv", index=False)
    found = compare_runs([tmp_path / "a", tmp_path / "b"])
    assert list(found.rows["run"]) == ["a", "b"]
    assert list(found.rows["f1"]) == [0.7, 0.9]
    assert list(found.rows["jit"]) == ["on", "off"]
    assert list(found.rows["images"]) == ["A", "A"]
    assert found.differing.to_dict("records") == [
        {"flag": "net", "a": "plain", "b": "dense"},
        {"flag": "jit", "a": "on", "b": "off"},
    ]
    assert found.warnings == ()
    text = comparison_text(found)
    assert "0.900 ± 0.010 [0.850, 0.950]" in text
    assert "SIMULATED images are among them" in text
    assert re.search(r"net +plain +dense", text)


def test_different_images_are_warned_of(fake_run, tmp_path):
    fake_run(tmp_path / "a", PLAIN)
    fake_run(tmp_path / "b", PLAIN, keys=("a", "c"))
    fake_run(tmp_path / "c", PLAIN)
    found = compare_runs([tmp_path / name for name in "abc"])
    assert list(found.rows["images"]) == ["A", "B", "A"]
    (warning,) = found.warnings
    assert warning.startswith("2 different sets of images or labels")
    assert "All configs are the same." in comparison_text(found)


def test_a_file_that_changed_under_its_name_is_another_image(fake_run, tmp_path):
    fake_run(tmp_path / "a", PLAIN)
    folds = pd.read_csv(fake_run(tmp_path / "b", PLAIN) / "folds.csv").assign(checksum=["x", "z"])
    folds.to_csv(tmp_path / "b/folds.csv", index=False)
    assert list(compare_runs([tmp_path / "a", tmp_path / "b"]).rows["images"]) == ["A", "B"]


def test_other_folds_of_the_same_images_are_warned_of(fake_run, tmp_path):
    fake_run(tmp_path / "a", PLAIN)
    fake_run(tmp_path / "b", PLAIN, folds=(1, 0))
    found = compare_runs([tmp_path / "a", tmp_path / "b"])
    assert list(found.rows["images"]) == ["A", "A"]
    assert found.warnings[0].startswith("Images A: the folds differ between runs")


def test_the_order_of_rows_is_no_difference(fake_run, tmp_path):
    fake_run(tmp_path / "a", PLAIN)
    folds = pd.read_csv(fake_run(tmp_path / "b", PLAIN) / "folds.csv")
    folds[::-1].to_csv(tmp_path / "b/folds.csv", index=False)
    assert compare_runs([tmp_path / "a", tmp_path / "b"]).warnings == ()


def test_runs_below_a_folder_are_found_and_unfinished_ones_told(fake_run, tmp_path):
    fake_run(tmp_path / "s/plain", PLAIN)
    fake_run(tmp_path / "s/deep/plain", PLAIN)
    (fake_run(tmp_path / "s/half", PLAIN) / "run.json").unlink()
    runs, begun = find_runs([tmp_path / "s", tmp_path / "s/plain"])
    assert list(runs) == ["deep/plain", "s/plain"]
    assert begun == [str(tmp_path / "s/half")]
    assert "Not finished, left out: " in comparison_text(compare_runs([tmp_path / "s"]))


def test_a_flag_that_one_run_does_not_have_differs(fake_run, tmp_path):
    fake_run(tmp_path / "a", PLAIN)
    fake_run(tmp_path / "b", PLAIN | {"fit": {"epochs": 3, "ema": 0.9}})
    found = compare_runs([tmp_path / "a", tmp_path / "b"])
    assert found.differing.to_dict("records") == [
        {"flag": "ema", "a": "(no such flag)", "b": "0.9"}
    ]


def test_many_runs_show_their_differences_a_line_a_flag(fake_run, tmp_path):
    for number in range(7):
        fake_run(tmp_path / f"r{number}", PLAIN | {"fit": {"epochs": number // 4}})
    text = comparison_text(compare_runs([tmp_path]))
    assert "  epochs: 0 | 1\n" in text


def test_what_is_no_run_is_told(fake_run, tmp_path):
    with pytest.raises(ConfigError, match=r"Expected a finished run, or a folder.*no run\.json"):
        compare_runs([tmp_path])
    folder = fake_run(tmp_path / "a", PLAIN)
    (folder / "metrics.csv").unlink()
    with pytest.raises(ConfigError, match=r"Expected the figures of a run: .*metrics\.csv"):
        compare_runs([folder])
    fake_run(folder, PLAIN)
    (folder / "run.json").write_text("{")
    with pytest.raises(ConfigError, match=r"Expected JSON: .*run\.json"):
        compare_runs([folder])
    fake_run(folder, PLAIN)
    (folder / "folds.csv").write_text("key,label\n")
    with pytest.raises(ConfigError, match=r"Expected the column fold.*folds\.csv"):
        compare_runs([folder])
