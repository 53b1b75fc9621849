import dataclasses

import numpy as np
import pandas as pd
import pytest

from cellscreen.errors import ConfigError
from cellscreen.explain.explained_question import question_of
from cellscreen.explain.fold_net import FoldNet
from cellscreen.training.bags.config import BagDataConfig

TASKS = BagDataConfig(
    "records",
    target="tasks",
    labels="herg.csv,mito.csv",
    tasks=("herg", "mito"),
    classes=("no", "yes", "fine", "toxic"),
)
NET = FoldNet(
    lambda crops: crops,
    lambda cells, mask: {"answer": np.array([[0.25, 0.75]]), "attention": np.ones((1, 2))},
)


def answers(question):
    return question.of_net(NET).ask(None, None)["answer"].tolist()


def test_of_classes_everything_stays_as_it_is():
    question = question_of(BagDataConfig("records"))
    predictions = pd.DataFrame({"p_nontoxic": [0.1]})

    assert (question.task, question.classes) == ("toxicity", ("nontoxic", "toxic"))
    assert question.labels == "label"
    assert answers(question) == [[0.25, 0.75]]
    assert question.of_predictions(predictions) is predictions


def test_of_several_tasks_the_first_is_explained_unless_one_is_named():
    assert question_of(TASKS).task == "herg"
    assert question_of(TASKS).classes == ("no", "yes")
    mito = question_of(TASKS, "mito")

    assert (mito.task, mito.classes, mito.labels) == ("mito", ("fine", "toxic"), "label_mito")


def test_one_pair_of_classes_serves_all_tasks():
    assert question_of(dataclasses.replace(TASKS, classes=("a", "b")), "mito").classes == ("a", "b")


def test_a_tasks_probability_becomes_those_of_two_classes():
    mito = question_of(TASKS, "mito")
    predictions = pd.DataFrame(
        {"key": ["a"], "fold": 0, "p_herg": 0.5, "p_mito": 0.75, "sd_herg": 0.1, "sd_mito": 0.2}
    )

    assert answers(mito) == [[0.25, 0.75]]
    assert answers(question_of(TASKS)) == [[0.75, 0.25]]
    assert mito.of_predictions(predictions).to_dict("records") == [
        {"key": "a", "fold": 0, "p_fine": 0.25, "p_toxic": 0.75, "sd_fine": 0.2, "sd_toxic": 0.2}
    ]


def test_attention_does_not_depend_on_the_task():
    assert question_of(TASKS).of_net(NET).ask(None, None)["attention"].tolist() == [[1, 1]]


def test_a_dose_is_one_answer_without_classes():
    question = question_of(BagDataConfig("records", target="log_dose"))
    found = question.of_predictions(pd.DataFrame({"answer": [1.5], "sd_answer": [0.1]}))

    assert (question.classes, question.labels) == (("log10_um",), "")
    assert list(found) == ["p_log10_um", "sd_log10_um"]


def test_a_task_that_the_net_was_not_asked_is_refused():
    with pytest.raises(ConfigError, match="Expected --of_task among herg, mito; got 'ames'"):
        question_of(TASKS, "ames")
    with pytest.raises(ConfigError, match="among toxicity"):
        question_of(BagDataConfig("records"), "herg")
