"""Convert plates of images to sharded TFRecords, one prepared TFDS directory a plate.

Reads the folder of images (an images.csv, or folders <cell_line>/<hours>H/<normoxia|hypoxia>) and
writes <data_dir>/<plate>/<dataset>/<kind>/<version>. Plates prepared before are kept, so the same
command goes on after an interruption, and adds plates that are new in the table.

  cellscreen build --images=my_cultures --dataset=hypoxia --data_dir=records

Prepared data opens with tfds alone:

  tfds.builder_from_directory("records/<plate>/hypoxia/edges/1.0.0").as_dataset(split="fields")
"""

from __future__ import annotations

import sys
from pathlib import Path

from absl import flags

from cellscreen import commands

FLAGS = flags.FlagValues()
_IMAGES = flags.DEFINE_string("images", None, "Folder of images.", flag_values=FLAGS, required=True)
_DATA_DIR = flags.DEFINE_string(
    "data_dir", None, "Root folder of prepared plates.", flag_values=FLAGS, required=True
)
_DATASET = flags.DEFINE_enum(
    "dataset",
    "hcs",
    ["hypoxia", "hcs"],
    "hypoxia wants cell_line, condition and hours for every image; hcs takes any plate.",
    flag_values=FLAGS,
)
_KIND = flags.DEFINE_enum(
    "kind", "edges", ["edges"], "Kind of record: edges are 1-bit edge maps.", flag_values=FLAGS
)


def main(argv: list[str]) -> int:
    """Converts the plates and prints where they are."""
    from cellscreen.plates.table import read_plate_table
    from cellscreen.records.build import build_plates

    del argv
    table = read_plate_table(Path(_IMAGES.value))
    prepared = build_plates(table, Path(_DATA_DIR.value), _DATASET.value, _KIND.value)
    print(f"{len(table)} images of {len(prepared)} plates are prepared under {_DATA_DIR.value}")
    return 0


if __name__ == "__main__":
    sys.exit(commands.run(sys.modules[__name__], sys.argv[1:]))
