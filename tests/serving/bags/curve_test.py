import json
import shutil

import numpy as np
import pandas as pd
import pytest

from cellscreen import commands
from cellscreen.errors import ConfigError, DataError
from cellscreen.judging.metrics import class_metrics
from cellscreen.pipelines.records import prepared_plates
from cellscreen.serving.bags.curve import CurveAnswers, curve_answers, curve_table
from cellscreen.serving.bags.scoring import score_bags
from cellscreen.serving.openers import open_model
from cellscreen.training.bags.inference_config import InferenceConfig
from cellscreen.training.bags.set_inference import SetInference


@pytest.fixture(scope="module")
def folders(bag_records):
    return prepared_plates(bag_records, "hcs", "bags")


@pytest.fixture(scope="module")
def answers(bag_run, folders):
    return curve_answers(bag_run, folders, (1, 3, 20))


def test_sets_of_the_training_s_size_answer_as_the_scores_do(answers, bag_run, folders):
    scores = score_bags(open_model(bag_run), folders)
    assert {size: each.shape for size, each in answers.each.items()} == dict.fromkeys(
        (1, 3, 20), (6, 6, 2)
    )
    mean = answers.each[3].mean(axis=0)
    np.testing.assert_allclose(mean[:, 1], scores["Score_toxicity_drug"], atol=1e-6)
    assert answers.labels.tolist() == [0, 0, 1, 0, 0, 1]
    assert answers.cells.tolist() == [4, 2, 6] * 2


def test_every_crop_is_encoded_once_whatever_the_sizes(bag_run, folders, monkeypatch):
    encoded = []
    embed = SetInference.embed

    def counted(self, crops):
        encoded.append(len(crops))
        return embed(self, crops)

    monkeypatch.setattr(SetInference, "embed", counted)
    curve_answers(bag_run, folders, (1, 2, 3, 4, 5), InferenceConfig(sets=2))
    assert encoded == [4, 2, 6] * 2


def test_figures_are_those_of_the_mean_over_sets_and_of_single_sets():
    """Of three wells the third is right in one set of two, and not on average."""
    labels = np.array([0, 1, 1])
    toxic = np.array([[0.1, 0.9, 0.6], [0.2, 0.8, 0.3]])
    each = np.stack([1 - toxic, toxic], axis=-1)
    given = CurveAnswers(labels, np.array([9, 9, 2]), {4: each}, ("no", "yes"), True, False)
    table = curve_table(given).set_index("metric")
    accuracy = table.loc["accuracy"]
    assert accuracy["averaged"] == pytest.approx(2 / 3)
    assert accuracy["draw_mean"] == pytest.approx((1 + 2 / 3) / 2)
    assert accuracy["draw_sd"] == pytest.approx(np.std([1, 2 / 3], ddof=1))
    assert accuracy["draw_low"] == pytest.approx(2 / 3 + 0.025 / 3)
    assert table.loc["recall", "averaged"] == pytest.approx(0.5)
    assert table.loc["precision", "averaged"] == 1
    expected = class_metrics(labels, each[1], ("no", "yes"))["auroc"]
    assert table.loc["auroc", "draw_low"] <= expected <= table.loc["auroc", "draw_high"]
    assert accuracy[["crops", "draws", "bags", "short_bags"]].tolist() == [4, 2, 3, 1]
    assert accuracy[["simulated", "leaky"]].tolist() == [True, False]


def test_a_figure_that_is_undefined_stays_so():
    each = np.array([[[0.9, 0.1], [0.8, 0.2]]])
    given = CurveAnswers(np.array([0, 1]), np.array([3, 3]), {1: each}, ("a", "b"), False, False)
    table = curve_table(given).set_index("metric")
    assert np.isnan(
        table.loc["precision", ["averaged", "draw_mean", "draw_low"]].astype(float)
    ).all()
    assert np.isnan(table["draw_sd"]).all()  # of one draw


def test_bags_of_another_training_are_refused(bag_run, folders, tmp_path):
    run = shutil.copytree(bag_run, tmp_path / "run")
    manifest = pd.read_csv(run / "folds.csv")
    changed = manifest.assign(checksum=manifest["checksum"].where(manifest.index != 2, "x"))
    changed.to_csv(run / "folds.csv", index=False)
    with pytest.raises(DataError, match="the 6 bags that the run was trained on; P1/B01 is ano"):
        curve_answers(run, folders)
    manifest.assign(key=manifest["key"].replace("P1/B01", "P9/B01")).to_csv(
        run / "folds.csv", index=False
    )
    with pytest.raises(DataError, match=r"the 6 bags .* some are missing"):
        curve_answers(run, folders)


def test_a_curve_needs_classes_and_sizes(bag_run, folders, tmp_path):
    with pytest.raises(ConfigError, match=r"sets of 1 crop or more; got \[0, 2\]"):
        curve_answers(bag_run, folders, (0, 2))
    run = shutil.copytree(bag_run, tmp_path / "run")
    config = json.loads((run / "config.json").read_text())
    config["data"] |= {"target": "log_dose", "label_column": ""}
    (run / "config.json").write_text(json.dumps(config))
    with pytest.raises(ConfigError, match="a run of classes; this one is of log_dose"):
        curve_answers(run, folders)


def test_the_verb_writes_table_and_pictures(bag_run, bag_records, tmp_path, capsys):
    output = tmp_path / "curve.csv"
    arguments = [f"--model={bag_run}", f"--data_dir={bag_records}"]
    words = ["patch-curve", *arguments, f"--output={output}", "--crops=1,2", "--sets=3"]
    assert commands.main(words) == 0
    table = pd.read_csv(output)
    assert table["crops"].tolist() == [1] * 4 + [2] * 4
    assert set(table["draws"]) == {3}
    assert (tmp_path / "curve.png").read_bytes().startswith(b"\x89PNG")
    drawn = (tmp_path / "curve.svg").read_text()
    assert "crops in a set" in drawn
    assert commands.main(words) == 0
    assert (tmp_path / "curve.svg").read_text() == drawn
    capsys.readouterr()
    assert commands.main([*words, "--crops=1,x"]) == 2
    assert "Expected whole numbers as --crops; got ['1', 'x']." in capsys.readouterr().err
    assert commands.main([*words, "--output=curve.png"]) == 2
    assert "Expected --output as a .csv; got curve.png." in capsys.readouterr().err
