import json
import types

import numpy as np
import pandas as pd
import pytest

from cellscreen.fitting.card import model_card
from cellscreen.fitting.summary import class_counts, run_summary
from cellscreen.judging.metrics import metrics_table
from cellscreen.pipelines.fold_config import FoldConfig

CLASSES = ("normoxia", "hypoxia")
DATA = types.SimpleNamespace(task="hypoxia", classes=CLASSES)
LEAK = "Leak: images in different folds look alike."


def manifest(**columns):
    n = 24
    frame = pd.DataFrame(
        {"key": [f"p/{i}" for i in range(n)], "group": [f"g{i}" for i in range(n)]}
    )
    frame = frame.assign(
        group=frame["key"],
        fold=[0, 0, 1, 1] * 6,
        label=[0, 1, 0, 1] * 6,
        trained=True,
        Metadata_simulated="False",
        Metadata_cell_line="AC16",
        Metadata_hours="48",
    )
    return frame.assign(**columns)


def table(data, scores=(0.1, 0.9, 0.2, 0.4), **columns):
    frame = data[["key", "group", "fold", "label"]].assign(**columns)
    scores = np.array([*scores] * 6)
    net = frame.assign(p_normoxia=1 - scores, p_hypoxia=scores)
    half = frame.assign(p_normoxia=0.5, p_hypoxia=0.5)
    return metrics_table({"plain": net, "majority_class": half}, CLASSES, draws=50)


def summary(data=None, leaks=(), **fields):
    data = manifest() if data is None else data
    machine = {"cpu": "a CPU", "gpu": "none"}
    return run_summary(
        DATA, FoldConfig(**fields), "plain", data, table(data), leaks=list(leaks), machine=machine,
        seconds=61.44,
    )  # fmt: skip


def card(data=None, scores=(0.1, 0.9, 0.2, 0.4), columns=(), **given):
    data = manifest() if data is None else data
    settings = {"net": "plain", "classes": CLASSES, "epochs": 3}
    return model_card(summary(data, **given), table(data, scores, **dict(columns)), settings)


def test_the_summary_is_strict_json():
    said = json.loads(json.dumps(summary(), allow_nan=False))
    accuracy = said["figures"]["accuracy"]
    assert accuracy["mean"] == accuracy["pooled"] == 0.75
    assert accuracy["sd"] == pytest.approx(np.std([1, 0.5], ddof=1))
    assert accuracy["low"] < 0.75 < accuracy["high"]
    assert said["figures"]["precision"]["mean"] is None  # no positive call in fold 1
    assert (said["group"], said["folds"], said["seconds"]) == ("AC16 48 h", 2, 61.4)
    assert said["machine"] == "cpu a CPU, gpu none"


def test_classes_are_counted_by_the_fold_that_holds_them_out():
    data = manifest(fold=[0] * 8 + [-1] * 16, trained=[False] + [True] * 23)
    assert class_counts(data, CLASSES) == {
        "always training": {"normoxia": 8, "hypoxia": 8},
        "0": {"normoxia": 3, "hypoxia": 4},
    }
    assert summary(data)["folds"] == 1


def test_few_groups_and_leaks_are_warned_of():
    said = summary(manifest(group=["a", "b"] * 12), leaks=[LEAK])
    assert said["leaks"] == [LEAK]
    assert said["warnings"] == [
        "Only 1 groups in the smaller class: the spread is uncertain.",
        LEAK,
    ]


def test_the_card_shows_spread_interval_and_baselines():
    text = card()
    rows = {line.split(" | ")[0]: line.split(" | ") for line in text.splitlines() if "|" in line}
    assert rows["| model"][1:3] == ["accuracy", "precision"]
    over_folds, pooled = rows["| plain"][1].split("<br>")
    assert over_folds == "0.750 ± 0.354"
    low, high = pooled.removeprefix("0.750 [").removesuffix("]").split(", ")
    assert 0.5 < float(low) < 0.75 < float(high) < 1
    assert rows["| plain"][2].startswith("undefined<br>1.000")
    assert rows["| majority_class"][5] == "undefined"
    assert rows["| 0"][1:] == ["6", "6 |"]
    assert "are of `hypoxia`" in text
    assert "nan" not in text


def test_the_card_says_how_it_was_made():
    text = card(fold_mode="holdout", fold_by="plate", validation_share=0.2)
    assert "Held out: one part of the groups by plate. 20 % of the training groups" in text
    assert "in 61.4 s" in text
    assert "on cpu a CPU, gpu none with cellscreen" in text
    assert "--net=plain\n--classes=normoxia,hypoxia\n--epochs=3\n" in text


@pytest.mark.parametrize(
    ("mode", "words"),
    [
        ({}, "2 folds by well, each once. No group was set apart"),
        ({"fold_mode": "leave_one_out", "fold_by": "plate"}, "every plate once (2 folds)"),
        ({"fold_mode": "predefined", "fold_csv": "a.csv"}, "the folds of a given table (2)"),
    ],
)
def test_the_card_says_what_folds_are(mode, words):
    assert f"Held out: {words}" in card(**mode)


def test_leaks_stand_apart_from_limits():
    leaks, limits = card(leaks=[LEAK]).split("## Leaks")[1].split("## Limits")
    assert LEAK in leaks
    assert LEAK not in limits
    assert "None was found" in card()


@pytest.mark.parametrize(
    ("columns", "fields", "words"),
    [
        ({"Metadata_simulated": "True"}, {}, "**Trained on simulated images"),
        ({}, {"fold_by": "site"}, "**Leaky"),
    ],
)
def test_simulated_and_leaky_runs_say_so_first(columns, fields, words):
    assert words in card(manifest(**columns), **fields).split("## Figures")[0]
    assert words not in card()


def test_a_fitted_temperature_has_its_column_and_its_word():
    text = card(columns={"temperature": 1.0})
    assert "| ece_after_temperature |" in text
    assert "fitted on validation images only" in text
    assert "Temperature" not in card()
