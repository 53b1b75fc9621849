"""Which of a net's answers is explained: its classes, one of several tasks, or its dose."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from cellscreen.errors import ConfigError
from cellscreen.explain.fold_net import FoldNet, Outputs
from cellscreen.training.bags.config import BagDataConfig
from cellscreen.training.bags.targets import LOG_DOSE

LABEL, NO_LABEL = "label", ""
_ANSWER = "answer"


@dataclass(frozen=True)
class Question:
    """What a net is asked, as explanations see it.

    Attributes:
        task: its name, part of the score columns' names.
        classes: names of the answers; the dose is one answer, `log10_um`.
        labels: the manifest's column with the number of the class; empty where there is none.
        output: the net's output that is the positive class's probability, where the net has
            several tasks; else None.
    """

    task: str
    classes: tuple[str, ...]
    labels: str = LABEL
    output: int | None = None

    def of_net(self, net: FoldNet) -> FoldNet:
        """The net, its answers being those of `classes`."""
        if self.output is None:
            return net
        output = self.output

        def ask(embeddings: np.ndarray, mask: np.ndarray) -> Outputs:
            found = net.ask(embeddings, mask)
            positive = found["answer"][:, output]
            return found | {"answer": np.stack([1 - positive, positive], axis=1)}

        return dataclasses.replace(net, ask=ask)

    def of_predictions(self, predictions: pd.DataFrame) -> pd.DataFrame:
        """Predictions of a run, with the columns `p_<class>` and `sd_<class>`."""
        if self.classes == (LOG_DOSE,):
            names = {_ANSWER: f"p_{LOG_DOSE}", f"sd_{_ANSWER}": f"sd_{LOG_DOSE}"}
            return predictions.rename(columns=names)
        if self.output is None:
            return predictions
        negative, positive = self.classes
        p, deviation = predictions[f"p_{self.task}"], predictions[f"sd_{self.task}"]
        found = {f"p_{negative}": 1 - p, f"p_{positive}": p}
        found |= {f"sd_{name}": deviation for name in self.classes}
        return predictions[["key", "fold"]].assign(**found)


def question_of(data: BagDataConfig, of_task: str = "") -> Question:
    """The question that a run's config asks.

    Args:
        data: of the run.
        of_task: which of several tasks; empty for the first.

    Raises:
        ConfigError: there is no such task.

    Example:
        >>> question_of(BagDataConfig("records")).classes
        ('nontoxic', 'toxic')
    """
    if of_task and of_task not in (data.tasks or (data.task,)):
        raise ConfigError(
            f"Expected --of_task among {', '.join(data.tasks or (data.task,))}; got {of_task!r}."
        )
    if data.target == "log_dose":
        return Question(data.task, (LOG_DOSE,), NO_LABEL)
    if data.target == "classes":
        return Question(data.task, tuple(data.classes))
    number = data.tasks.index(of_task) if of_task else 0
    name = data.tasks[number]
    return Question(name, _pair(data.classes, number), f"{LABEL}_{name}", number)


def _pair(classes: Sequence[str], number: int) -> tuple[str, ...]:
    return tuple(classes if len(classes) == 2 else classes[2 * number : 2 * number + 2])
