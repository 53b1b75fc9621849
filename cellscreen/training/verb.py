"""What a verb that trains does with its flags: a dry run, a training, or a sweep of many."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from absl import flags

from cellscreen.errors import ConfigError
from cellscreen.fitting.fit_config import Watch
from cellscreen.fitting.flags import config_from_flags, define_flags

Train = Callable[[Any, Path, Watch], Any]


def define_verb_flags(config_class: type, values: flags.FlagValues) -> None:
    """Defines the flags of a trainer's config, of watching, and what every training verb has.

    Example:
        >>> values = flags.FlagValues()
        >>> define_verb_flags(EdgesConfig, values)  # doctest: +SKIP
    """
    flags.DEFINE_string("workdir", "", "The run folder, new or to go on with.", flag_values=values)
    flags.DEFINE_string(
        "config", "", "A run's config.json to begin with; flags override it.", flag_values=values
    )
    flags.DEFINE_bool(
        "dry_run", False, "Only tell net, data, steps, time and memory.", flag_values=values
    )
    flags.DEFINE_string(
        "sweep", "", "A file of many trainings, each in a folder of --workdir.", flag_values=values
    )
    define_flags(config_class, values)
    define_flags(Watch, values)


def run_verb(config_class: type, values: flags.FlagValues, load_train: Callable[[], Train]) -> int:
    """Does what the flags ask for and prints the figures.

    Args:
        config_class: of the trainer.
        values: parsed flags.
        load_train: imports and returns the trainer's `train_and_evaluate`, when it is needed.

    Returns:
        The exit status: 1 if a cell of a sweep failed.

    Raises:
        ConfigError: a flag is out of bounds, or there is no --workdir.
    """
    config: Any = config_from_flags(config_class, values, values["config"].value)
    watch = config_from_flags(Watch, values)
    if values["sweep"].value:
        return _sweep(config, watch, values, load_train)
    if values["dry_run"].value:
        from cellscreen.training.dry_run import dry_run

        print(dry_run(config))
        return 0
    workdir = _workdir(values)
    result = load_train()(config, workdir, watch)
    print(result.card)
    print(f"Run folder: {result.workdir}. Curves: tensorboard --logdir {result.workdir}")
    return 0


def _workdir(values: flags.FlagValues) -> Path:
    if not values["workdir"].value:
        raise ConfigError("Expected --workdir, the run folder.")
    return Path(values["workdir"].value)


def _sweep(
    config: Any, watch: Watch, values: flags.FlagValues, load_train: Callable[[], Train]
) -> int:
    """Trains every cell of a sweep file and prints its table."""
    from cellscreen.training.sweeps.run import exit_status, plan_sweep, plan_text, run_sweep

    sweep = plan_sweep(values["sweep"].value, config)
    if values["dry_run"].value:
        print(plan_text(sweep))
        return 0
    workdir, train = _workdir(values), load_train()
    table = run_sweep(sweep, workdir, lambda cell, path: train(cell, path, watch))
    print((workdir / "sweep.md").read_text(encoding="utf-8"))
    print(f"Sweep folder: {workdir}. Draw it: cellscreen compare --runs={workdir} --output=…html")
    return exit_status(table)
