"""Convert plates of images to sharded TFRecords, one prepared TFDS directory a plate.

Reads any folder of images that `cellscreen check` reads, with the same flags, or the folder that
its --output wrote, and writes <data_dir>/<plate>/<dataset>/<kind>/<version>. Plates prepared before
are kept, so the same command goes on after an interruption, and adds plates that are new.

  cellscreen build --images=my_cultures --dataset=hypoxia --data_dir=records
  cellscreen build --images=export --platemap=map.xlsx --negcon_names=DMSO --scale=plate \\
      --data_dir=records

Before that it projects stacks (--z), divides out uneven light (--flatfield) and measures one
intensity scale a plate and channel (--scale), and keeps what it measured beside the plate.

Prepared data opens with tfds alone:

  tfds.builder_from_directory("records/<plate>/hypoxia/edges/1.0.0").as_dataset(split="fields")
"""

from __future__ import annotations

import sys
from pathlib import Path

from absl import flags

from cellscreen import commands
from cellscreen.commands.image_flags import define_image_flags, read_images
from cellscreen.plates.coverage import describe_coverage
from cellscreen.plates.usable import usable
from cellscreen.records.preparation import Preparation
from cellscreen.training.flags import config_from_flags, define_flags

FLAGS = flags.FlagValues()
define_image_flags(FLAGS)
define_flags(Preparation, FLAGS)
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
    from cellscreen.records.build import build_plates

    del argv
    table, _, coverage = read_images(FLAGS)
    if coverage is not None:
        print(describe_coverage(coverage))
    table = usable(table)
    root, preparation = Path(_DATA_DIR.value), config_from_flags(Preparation, FLAGS)
    prepared = build_plates(table, root, _DATASET.value, _KIND.value, preparation)
    print(f"{len(table)} images of {len(prepared)} plates are prepared under {_DATA_DIR.value}")
    return 0


if __name__ == "__main__":
    sys.exit(commands.run(sys.modules[__name__], sys.argv[1:]))
