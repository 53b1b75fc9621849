"""Train comparators on a run's folds, and say whether its net earns its keep.

LightGBM on the features of all cells (records of the kind `cells`), a net of single crops that
learns compounds, with a logistic regression on its mean embedding (as DeepProfiler), mean
intensities, cell count and well position: each is trained on the run's own folds, and all are put
into one table with intervals and paired differences.

  cellscreen build --images=plates --kind=cells --nuclei_channel=DNA --data_dir=records
  cellscreen comparators --model=runs/mid --output=comparators
  cellscreen comparators --model=runs/mid --crop_encoder=small --output=quick
  cellscreen comparators --model=runs/mid --comparators=well_position,cell_count --output=plain

--output gets figures.csv, comparators.md, and each comparator's answers. Given again after an
interruption, it goes on. docs/study.md says how each is made.
"""

from __future__ import annotations

import sys
from pathlib import Path

from absl import flags

from cellscreen import commands
from cellscreen.comparators.config import ComparatorConfig
from cellscreen.fitting.flags import config_from_flags, define_flags

FLAGS = flags.FlagValues()
_MODEL = flags.DEFINE_string(
    "model", None, "A finished run folder of nets of bags.", flag_values=FLAGS, required=True
)
_CELLS = flags.DEFINE_string(
    "cells", "", "Parquet of features a cell; empty: the run's cells records.", flag_values=FLAGS
)
_OUTPUT = flags.DEFINE_string(
    "output", None, "Folder to write, new or begun before.", flag_values=FLAGS, required=True
)
define_flags(ComparatorConfig, FLAGS)


def main(argv: list[str]) -> int:
    """Trains, compares and prints."""
    import pandas as pd

    from cellscreen.comparators.answers import run_answers
    from cellscreen.comparators.bag_run import read_bag_run
    from cellscreen.comparators.beside_run import comparator_answers
    from cellscreen.comparators.beside_table import figures_by_level, write_beside

    del argv
    run, output = read_bag_run(_MODEL.value), Path(_OUTPUT.value)
    name = run.config.net_name
    answers = {name: [run_answers(_MODEL.value)]}
    cells = pd.read_parquet(_CELLS.value) if _CELLS.value else None
    config = config_from_flags(ComparatorConfig, FLAGS)
    found = comparator_answers(_MODEL.value, output, config, cells)
    answers |= {model: [frame] for model, frame in found.items()}
    table = figures_by_level(answers, run.manifest, run.classes, name, levels=run.levels)
    print(write_beside(table, name, run.simulated, output))
    print(f"Written to {output}")
    return 0


if __name__ == "__main__":
    sys.exit(commands.run(sys.modules[__name__], sys.argv[1:]))
