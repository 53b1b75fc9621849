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

from absl import flags

from cellscreen import commands
from cellscreen.training.edges.config import EdgesConfig
from cellscreen.training.verb import Train, define_verb_flags, run_verb

FLAGS = flags.FlagValues()
define_verb_flags(EdgesConfig, FLAGS)


def main(argv: list[str]) -> int:
    """Trains what the flags ask for and prints the figures."""
    del argv
    return run_verb(EdgesConfig, FLAGS, _train)


def _train() -> Train:
    from cellscreen.training.edges.run import train_and_evaluate

    return train_and_evaluate


if __name__ == "__main__":
    sys.exit(commands.run(sys.modules[__name__], sys.argv[1:]))
