"""What a training would be, without doing it: net, data, steps, time and memory."""

from __future__ import annotations

import pandas as pd

from cellscreen.pipelines.folds import held_out_rows, training_rows, validation_rows
from cellscreen.training.config import EdgesConfig
from cellscreen.training.edge_data import EdgeData, describe_fold, load_edges
from cellscreen.training.edges import edge_fitter
from cellscreen.training.machine import Machine
from cellscreen.training.planning import time_steps


def dry_run(config: EdgesConfig) -> str:
    """Reads the data, makes the net and takes a few real steps; writes nothing.

    Args:
        config: what would be trained.

    Returns:
        The net's layers, images of each fold by class, steps, and time and memory as the steps
        tell them.

    Raises:
        ConfigError: as `train_and_evaluate`.
        DataError: as `train_and_evaluate`.
        RecordError: as `train_and_evaluate`.
    """
    machine = Machine(config.machine)
    data = load_edges(config)
    fitter = edge_fitter(config, machine)
    lines: list[str] = []
    fitter.model.summary(print_fn=lines.append, line_length=88)
    lines += ["Images of each fold:", fold_table(data).to_string(index=False), ""]
    lines += [f"Trained on in fold {data.folds[0]}: {describe_fold(data, data.folds[0])}", ""]
    steps = sum(data.steps(fold) for fold in data.folds) * config.fit.epochs
    trial = time_steps(fitter, data.training(data.folds[0]))
    lines += [
        f"Steps: {steps} ({len(data.folds)} folds, up to {config.fit.epochs} epochs, batch "
        f"{config.fit.batch_size}; about {data.steps(data.folds[0])} an epoch).",
        f"Time: about {trial.whole(steps) / 60:.1f} min ({1000 * trial.step_s:.1f} ms a step, "
        f"{trial.first_s:.1f} s for the first; XLA {_xla(config)}); validation and the answers "
        "at the end come on top.",
        f"Memory: {trial.memory_mb:.0f} MB at most so far.",
        "Machine: " + ", ".join(f"{name} {value}" for name, value in machine.describe().items()),
    ]
    return "\n".join(lines)


def _xla(config: EdgesConfig) -> str:
    jit = config.machine.jit
    return "off here, not decided yet" if jit == "auto" else jit


def fold_table(data: EdgeData) -> pd.DataFrame:
    """Images of each fold and class: `fold, class, training, validation, held_out`."""
    rows = []
    for fold in data.folds:
        parts = [
            part(data.manifest, fold) for part in (training_rows, validation_rows, held_out_rows)
        ]
        for number, name in enumerate(data.config.data.classes):
            of_class = data.manifest["trained"] & (data.manifest["label"] == number)
            rows.append((fold, name, *(int((part & of_class).sum()) for part in parts)))
    return pd.DataFrame(rows, columns=["fold", "class", "training", "validation", "held_out"])
