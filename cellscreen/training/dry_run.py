"""What a training would be, without doing it: net, data, steps, time and memory."""

from __future__ import annotations

import pandas as pd

from cellscreen.fitting.fold_parts import steps
from cellscreen.fitting.machine import Machine
from cellscreen.fitting.planning import time_steps
from cellscreen.fitting.trainer import FoldData, RunConfig
from cellscreen.pipelines.folds import held_out_rows, training_rows, validation_rows
from cellscreen.training.trainers import trainer_of


def dry_run(config: RunConfig) -> str:
    """Reads the data, makes the net and takes a few real steps; writes nothing.

    Args:
        config: what would be trained, by any trainer.

    Returns:
        The net's layers, images of each fold by class, steps, and time and memory as the steps
        tell them.

    Raises:
        ConfigError: as `train_folds`.
        DataError: as `train_folds`.
        RecordError: as `train_folds`.
    """
    machine, trainer = Machine(config.machine), trainer_of(config)
    data = trainer.load(config)
    fitter = trainer.fitter(data.config, data, machine)
    lines: list[str] = []
    fitter.model.summary(print_fn=lines.append, line_length=88)
    lines += ["Images of each fold:", fold_table(data).to_string(index=False), ""]
    lines += [f"Trained on in fold {data.folds[0]}: {data.describe(data.folds[0])}", ""]
    n_steps = sum(steps(data, fold) for fold in data.folds) * config.fit.epochs
    trial = time_steps(fitter, data.training(data.folds[0]))
    lines += [
        f"Steps: {n_steps} ({len(data.folds)} folds, up to {config.fit.epochs} epochs, batch "
        f"{config.fit.batch_size}; about {steps(data, data.folds[0])} an epoch).",
        f"Time: about {trial.whole(n_steps) / 60:.1f} min ({1000 * trial.step_s:.1f} ms a step, "
        f"{trial.first_s:.1f} s for the first; XLA {_xla(config)}); validation and the answers "
        "at the end come on top.",
        f"Memory: {trial.memory_mb:.0f} MB at most so far.",
        "Machine: " + ", ".join(f"{name} {value}" for name, value in machine.describe().items()),
    ]
    return "\n".join(lines)


def _xla(config: RunConfig) -> str:
    jit = config.machine.jit
    return "off here, not decided yet" if jit == "auto" else jit


def fold_table(data: FoldData) -> pd.DataFrame:
    """Images of each fold and class: `fold, class, training, validation, held_out`."""
    rows = []
    for fold in data.folds:
        parts = [
            part(data.manifest, fold) for part in (training_rows, validation_rows, held_out_rows)
        ]
        for number, name in enumerate(data.classes):
            of_class = data.manifest["trained"] & (data.manifest["label"] == number)
            rows.append((fold, name, *(int((part & of_class).sum()) for part in parts)))
    return pd.DataFrame(rows, columns=["fold", "class", "training", "validation", "held_out"])
