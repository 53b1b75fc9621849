"""Accuracy, precision, recall and AUROC against the crops of a set (MID, Figure 1).

Every bag that the run was trained on is asked by the net of the fold that held it out, with --sets
random sets of each size in --crops; each crop is encoded once. The table gives the figures of the
mean over sets, which is how `cellscreen score` scores, and their spread over single sets; a PNG and
an SVG are drawn beside it.

  cellscreen patch-curve --model=runs/mid --data_dir=records --output=curve.csv
  cellscreen patch-curve --model=runs/mid --data_dir=records --crops=1,12,96 --output=curve.csv
"""

from __future__ import annotations

import dataclasses
import sys
from pathlib import Path

from absl import flags

from cellscreen import commands

FLAGS = flags.FlagValues()
_MODEL = flags.DEFINE_string(
    "model", None, "A finished run folder of nets of bags.", flag_values=FLAGS, required=True
)
_DATA_DIR = flags.DEFINE_string(
    "data_dir", None, "Root folder of the bags of its training.", flag_values=FLAGS, required=True
)
_DATASET = flags.DEFINE_enum(
    "dataset", "hcs", ["hypoxia", "hcs"], "The dataset they were prepared as.", flag_values=FLAGS
)
_OUTPUT = flags.DEFINE_string(
    "output", None, "Table to write, .csv.", flag_values=FLAGS, required=True
)
_CROPS = flags.DEFINE_list(
    "crops", "1,2,4,8,12,16,24,32,48,64,96", "Crops of a set, with commas.", flag_values=FLAGS
)
_SETS = flags.DEFINE_integer("sets", 50, "Sets of each size.", lower_bound=1, flag_values=FLAGS)


def main(argv: list[str]) -> int:
    """Asks the nets and says where table and pictures are."""
    from cellscreen.atomic import replacing
    from cellscreen.fitting.run_folder import read_config_of
    from cellscreen.pipelines.records import prepared_plates
    from cellscreen.serving.bags.curve import curve_answers, curve_table
    from cellscreen.serving.bags.curve_plot import write_curve
    from cellscreen.training.bags.config import BagsConfig

    del argv
    workdir, output = Path(_MODEL.value), _table_path()
    config = read_config_of(workdir, BagsConfig)
    inference = dataclasses.replace(config.inference, sets=_SETS.value)
    folders = prepared_plates(_DATA_DIR.value, _DATASET.value, "bags")
    answers = curve_answers(workdir, folders, _numbers(), inference)
    table = curve_table(answers)
    with replacing(output) as temporary:
        table.to_csv(temporary, index=False)
    print(table[table["metric"] == "auroc"].to_string(index=False))
    print(", ".join(str(path) for path in (output, *write_curve(table, output))))
    if answers.simulated:
        print("SIMULATED: the images are simulated.")
    return 0


def _table_path() -> Path:
    from cellscreen.errors import ConfigError

    path = Path(_OUTPUT.value)
    if path.suffix != ".csv":
        raise ConfigError(f"Expected --output as a .csv; got {path.name}.")
    return path


def _numbers() -> list[int]:
    from cellscreen.errors import ConfigError

    try:
        return [int(text) for text in _CROPS.value]
    except ValueError as error:
        raise ConfigError(f"Expected whole numbers as --crops; got {_CROPS.value}.") from error


if __name__ == "__main__":
    sys.exit(commands.run(sys.modules[__name__], sys.argv[1:]))
