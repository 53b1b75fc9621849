"""Train nets on single cells: crops, a table of features, votes for images and wells.

Learns the compound, target or any other metadata column from prepared cells (`cellscreen build
--kind=cells`). One net per fold; folds keep whole fields apart (by site, which leaks, by well,
plate, plate map …). Each cell is answered by the net that did not see its group; cells vote for
images, wells and compounds. Figures at every level stand beside those of the majority, the well
position, the cell count and the intensities. Killed at any moment, the same command goes on to the
same weights.

  cellscreen train-cells --flagfile=mask_flow_quick.flags --data_dir=records --workdir=runs/cells
  cellscreen train-cells --flagfile=image_metadata_quick.flags --data_dir=records --dry_run
  cellscreen train-cells --config=runs/cells/config.json --fold_by=plate --workdir=runs/by_plate

Recipes are flag files, found by name: mask_flow_hybrid.flags and image_metadata_hybrid.flags are
the nets of the two project papers, mask_intensity_hybrid.flags is ours, which reads shape and all
stains; mask_flow_quick.flags, image_metadata_quick.flags and mask_intensity_quick.flags are smaller
ones for two cores. A flag given after --flagfile overrides the recipe. --sweep trains many of them,
as `cellscreen train-edges` does.
"""

from __future__ import annotations

import sys

from absl import flags

from cellscreen import commands
from cellscreen.training.cells.config import CellsConfig
from cellscreen.training.verb import Train, define_verb_flags, run_verb

FLAGS = flags.FlagValues()
define_verb_flags(CellsConfig, FLAGS)


def main(argv: list[str]) -> int:
    """Trains what the flags ask for and prints the figures."""
    del argv
    return run_verb(CellsConfig, FLAGS, _train)


def _train() -> Train:
    from cellscreen.training.cells.run import train_and_evaluate

    return train_and_evaluate


if __name__ == "__main__":
    sys.exit(commands.run(sys.modules[__name__], sys.argv[1:]))
