"""What a fit needs to know of a task: nothing else tells edge nets from bags or cells."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from cellscreen.pipelines.order import Share, Start

Measures = Callable[[Any, Any], Mapping[str, tf.Tensor]]


@dataclass(frozen=True)
class Task:
    """What is the same for every fold.

    Attributes:
        build: returns the net with fresh weights; called inside the strategy's scope.
        loss: from targets and the net's outputs to one loss an example, `(batch,)` float32.
        measures: from targets and outputs to further figures an example, each `(batch,)`, such as
            1 where the call is right; their mean over the examples is shown.
        answer: picks from the net's outputs what `predict` collects, `(batch, ...)`.
        prior: frequency of each class in training, `(classes,)` float32, where the loss takes it;
            `priors.follow_prior` sets it for a fold.
    """

    build: Callable[[], keras.Model]
    loss: Callable[[Any, Any], tf.Tensor]
    measures: Measures
    answer: Callable[[Any], tf.Tensor] = lambda outputs: outputs
    prior: tf.Variable | None = None


@dataclass(frozen=True)
class Examples:
    """The training part of one fold.

    Attributes:
        batches: from a start and a share to endless batches `(inputs, targets, weights, rows)`,
            the same for the same start; `weights` `(batch,)` float32, `rows` `(batch,)` int64.
        count: examples an epoch; what does not fill a batch waits for the next epoch's order.
        names: from `rows` to the keys of the images, for messages.
    """

    batches: Callable[[Start, Share], tf.data.Dataset]
    count: int
    names: Callable[[np.ndarray], list[str]]


@dataclass(frozen=True)
class Questions:
    """Examples to be answered, each once.

    Attributes:
        examples: `(inputs, rows)`, one an element, not batched.
        count: how many there are.
    """

    examples: tf.data.Dataset
    count: int


@dataclass(frozen=True)
class Validation:
    """The part of a fold's training groups that is set apart.

    Attributes:
        questions: its examples.
        figures: from rows `(n,)` and answers `(n, ...)` to figures by name, `loss` among them.
    """

    questions: Questions
    figures: Callable[[np.ndarray, np.ndarray], dict[str, float]]
