"""Convert plates of images to sharded TFRecords, one prepared TFDS directory a plate.

Reads any folder of images that `cellscreen check` reads, with the same flags, or the folder that
its --output wrote, and writes <data_dir>/<plate>/<dataset>/<kind>/<version>. Plates prepared before
are kept, so the same command goes on after an interruption, and adds plates that are new.

  cellscreen build --images=my_cultures --dataset=hypoxia --data_dir=records
  cellscreen build --images=export --platemap=map.xlsx --negcon_names=DMSO --scale=plate \\
      --data_dir=records

Bags (--kind=bags) hold the crops of all cells of a field, cells (--kind=cells) each cell by its own
bounding box, with its mask, its flow and its features. The cells are found on --nuclei_channel; the
flags from --method on say how.

  cellscreen build --images=export --kind=bags --nuclei_channel=DNA --data_dir=records

Before that it projects stacks (--z), divides out uneven light (--flatfield) and measures one
intensity scale a plate and channel (--scale), and keeps what it measured beside the plate.

A field that cannot be converted ends the build, unless --max_failed allows some: they are listed in
failures.csv beside the records. Apache Beam shares the work among processes or machines:

  cellscreen build … \\
      --beam_pipeline_options=direct_running_mode=multi_processing,direct_num_workers=4

Prepared data opens with tfds alone:

  tfds.builder_from_directory("records/<plate>/hypoxia/edges/1.0.0").as_dataset(split="fields")
"""

from __future__ import annotations

import sys
from pathlib import Path

from absl import flags

from cellscreen import commands
from cellscreen.commands.image_flags import define_image_flags, read_images
from cellscreen.commands.record_flags import define_record_flags, record_config
from cellscreen.fitting.flags import config_from_flags, define_flags
from cellscreen.plates.coverage import describe_coverage
from cellscreen.plates.usable import usable_plates
from cellscreen.records.preparation import Preparation

FLAGS = flags.FlagValues()
define_image_flags(FLAGS)
define_flags(Preparation, FLAGS)
define_record_flags(FLAGS)
_DATA_DIR = flags.DEFINE_string(
    "data_dir", None, "Root folder of prepared plates.", flag_values=FLAGS, required=True
)
_DATASET = flags.DEFINE_enum(
    "dataset",
    "hcs",
    ["hypoxia", "hcs", "cpjump1"],
    "hypoxia wants cell_line, condition and hours for every image; hcs takes any plate; cpjump1 "
    "adds CPJUMP1's CoreFileName.",
    flag_values=FLAGS,
)
_KIND = flags.DEFINE_enum(
    "kind",
    "edges",
    ["edges", "bags", "cells", "paper_002"],
    "Kind of record: 1-bit edge maps, crops of all cells of a field, or single cells; paper_002 "
    "are cpjump1's cells on the median of the first three channels.",
    flag_values=FLAGS,
)
_BEAM = flags.DEFINE_list(
    "beam_pipeline_options", [], "Flags of Apache Beam without dashes.", flag_values=FLAGS
)


def main(argv: list[str]) -> int:
    """Converts the plates and prints where they are."""
    from cellscreen.records.build import build_plates, usual_config

    del argv
    table, _, coverage = read_images(FLAGS)
    if coverage is not None:
        print(describe_coverage(coverage))
    table = usable_plates(table)
    root, preparation = Path(_DATA_DIR.value), config_from_flags(Preparation, FLAGS)
    dataset, kind = _DATASET.value, _KIND.value
    config = record_config(FLAGS, usual_config(dataset, kind))
    beam = [f"--{option}" for option in _BEAM.value]
    prepared = build_plates(table, root, dataset, kind, preparation, config, beam)
    plates = "1 plate" if len(prepared) == 1 else f"{len(prepared)} plates"
    print(f"Prepared under {_DATA_DIR.value}: {len(table)} images of {plates}")
    return 0


if __name__ == "__main__":
    sys.exit(commands.run(sys.modules[__name__], sys.argv[1:]))
