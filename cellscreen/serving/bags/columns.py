"""What the outputs of a net of bags are called in a score table."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from cellscreen.screening.scores import score_column

CLASSES, TASKS, LOG_DOSE = "classes", "tasks", "log_dose"
LOG10_UM = "log10_um"


class BagColumns:
    """The score columns of a net of bags.

    A net of classes gives `Score_<task>_<class>`; one of several binary tasks, each an output,
    `Score_<name>_<class>` of both classes of each; one of log-dose `Score_<task>_log10_um`.

    Args:
        target: `classes`, `tasks` or `log_dose`.
        task: name of the question.
        classes: class names; of several tasks one pair for all, or a pair each.
        tasks: names of the binary tasks.

    Attributes:
        names: the columns, without their `…_sd`.
        answer: how an exported model calls the net's answer.

    Example:
        >>> BagColumns("tasks", "tox", ("no", "yes"), ("herg", "mito")).names
        ['Score_herg_no', 'Score_herg_yes', 'Score_mito_no', 'Score_mito_yes']
    """

    def __init__(
        self, target: str, task: str, classes: Sequence[str], tasks: Sequence[str] = ()
    ) -> None:
        self._is_pairs = target == TASKS
        self.answer = "value" if target == LOG_DOSE else "probabilities"
        if target == LOG_DOSE:
            self.names = [score_column(task, LOG10_UM)]
        elif target == TASKS:
            pairs = list(classes) * (1 if len(classes) == 2 * len(tasks) else len(tasks))
            each = [name for name in tasks for _ in range(2)]
            self.names = [score_column(*pair) for pair in zip(each, pairs, strict=True)]
        else:
            self.names = [score_column(task, name) for name in classes]

    def values(self, mean: np.ndarray) -> np.ndarray:
        """The net's outputs `(outputs,)` as the columns' values."""
        return np.stack([1 - mean, mean], axis=-1).ravel() if self._is_pairs else mean

    def deviations(self, deviation: np.ndarray) -> np.ndarray:
        """The SD of the net's outputs `(outputs,)` as that of the columns."""
        return np.repeat(deviation, 2) if self._is_pairs else deviation
