"""Train edge nets: k folds of one net on one group of images.

Learns two classes from prepared edge maps (`cellscreen build`), one net per fold, each scored on
the wells it did not see, with baselines beside it. The run folder gets the resolved config, the
fold manifest, a model and TensorBoard logs per fold, metrics.csv and a model card. Killed at any
moment, the same command goes on to the same weights; Ctrl-C and SIGTERM save first (exit status 130
and 143).

  cellscreen train-edges --flagfile=quick.flags --data_dir=records \\
      --where="cell_line=AC16; hours=48" --workdir=runs/ac16_48h
  cellscreen train-edges --flagfile=quick.flags --data_dir=records --dry_run
  cellscreen train-edges --config=runs/ac16_48h/config.json --workdir=runs/again

Recipes are flag files, found by name: paper.flags is the hypoxia paper's, quick.flags one for two
cores, bbbc013.flags one for a 96-well dose-response plate. A flag given after --flagfile overrides
the recipe.

A sweep file trains many cells, each a run folder in --workdir, and makes one table of them; given
again it trains what is missing; the exit status is 1 if a cell failed. table1.sweep and
table3.sweep, found by name too, are those tables of the hypoxia paper, its figures beside.

  cellscreen train-edges --flagfile=quick.flags --data_dir=records --sweep=table3.sweep \\
      --workdir=runs/table3
"""

from __future__ import annotations

import sys
from pathlib import Path

from absl import flags

from cellscreen import commands
from cellscreen.errors import ConfigError
from cellscreen.training.config import EdgesConfig
from cellscreen.training.fit_config import Watch
from cellscreen.training.flags import config_from_flags, define_flags

FLAGS = flags.FlagValues()
_WORKDIR = flags.DEFINE_string(
    "workdir", "", "The run folder, new or to go on with.", flag_values=FLAGS
)
_CONFIG = flags.DEFINE_string(
    "config", "", "A run's config.json to begin with; flags override it.", flag_values=FLAGS
)
_DRY_RUN = flags.DEFINE_bool(
    "dry_run", False, "Only tell net, data, steps, time and memory.", flag_values=FLAGS
)
_SWEEP = flags.DEFINE_string(
    "sweep", "", "A file of many trainings, each in a folder of --workdir.", flag_values=FLAGS
)
define_flags(EdgesConfig, FLAGS)
define_flags(Watch, FLAGS)


def main(argv: list[str]) -> int:
    """Trains what the flags ask for and prints the figures."""
    del argv
    config = config_from_flags(EdgesConfig, FLAGS, _CONFIG.value)
    watch = config_from_flags(Watch, FLAGS)
    if _SWEEP.value:
        return _sweep(config, watch)
    if _DRY_RUN.value:
        from cellscreen.training.dry_run import dry_run

        print(dry_run(config))
        return 0
    workdir = _workdir()
    from cellscreen.training.edges import train_and_evaluate

    result = train_and_evaluate(config, workdir, watch)
    print(result.card)
    print(f"Run folder: {result.workdir}. Curves: tensorboard --logdir {result.workdir}")
    return 0


def _workdir() -> Path:
    if not _WORKDIR.value:
        raise ConfigError("Expected --workdir, the run folder.")
    return Path(_WORKDIR.value)


def _sweep(config: EdgesConfig, watch: Watch) -> int:
    """Trains every cell of a sweep file and prints its table."""
    from cellscreen.training.sweep import exit_status, plan_sweep, plan_text, run_sweep

    sweep = plan_sweep(_SWEEP.value, config)
    if _DRY_RUN.value:
        print(plan_text(sweep))
        return 0
    workdir = _workdir()
    from cellscreen.training.edges import train_and_evaluate

    table = run_sweep(sweep, workdir, lambda cell, path: train_and_evaluate(cell, path, watch))
    print((workdir / "sweep.md").read_text(encoding="utf-8"))
    print(f"Sweep folder: {workdir}. Draw it: cellscreen compare --runs={workdir} --output=…html")
    return exit_status(table)


if __name__ == "__main__":
    sys.exit(commands.run(sys.modules[__name__], sys.argv[1:]))
