"""Train nets on bags of cell crops: k folds of a set encoder, scored by many sets.

Learns classes, several binary tasks or the dose from prepared bags (`cellscreen build
--kind=bags`): a CNN encodes each crop, a Transformer attends over 12 of a well. One net per fold;
each well is scored by the net that saw no well of its compound, as the mean over 50 random sets of
its crops. Figures stand for wells, compound x concentration, compounds and each dose, beside
baselines. Killed at any moment, the same command goes on to the same weights.

  cellscreen train-bags --flagfile=mid_herg.flags --data_dir=records \\
      --labels=herg.csv --labels_by=name --workdir=runs/herg
  cellscreen train-bags --flagfile=mid_quick.flags --data_dir=records \\
      --labels=herg.csv --labels_by=name --dry_run
  cellscreen train-bags --config=runs/herg/config.json --workdir=runs/again

Recipes are flag files, found by name: mid_herg.flags, mid_mitotox.flags and mid_compound.flags are
the three tasks of the MID paper, mid_quick.flags is for two cores, single_cell.flags the hypoxia
paper's single-cell comparison. A flag given after --flagfile overrides the recipe. --sweep trains
many cells, as `cellscreen train-edges` does.
"""

from __future__ import annotations

import sys

from absl import flags

from cellscreen import commands
from cellscreen.training.bags.config import BagsConfig
from cellscreen.training.verb import Train, define_verb_flags, run_verb

FLAGS = flags.FlagValues()
define_verb_flags(BagsConfig, FLAGS)


def main(argv: list[str]) -> int:
    """Trains what the flags ask for and prints the figures."""
    del argv
    return run_verb(BagsConfig, FLAGS, _train)


def _train() -> Train:
    from cellscreen.training.bags.run import train_and_evaluate

    return train_and_evaluate


if __name__ == "__main__":
    sys.exit(commands.run(sys.modules[__name__], sys.argv[1:]))
