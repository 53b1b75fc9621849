"""Export a run as a SavedModel for TensorFlow Serving, its preprocessing inside.

Writes <output>/<version>/. A run of edge nets gets the signatures serving_default (uint8 images of
any size), serve_uint16 and serve_bytes (PNG or JPEG), the last two with the plate's low and high;
each answers p0 and p1. A run of nets of bags gets serve_bags (crops and mask) and serve_field (a
field of several channels and the centres of its cells, whose crops are cut in the graph), both with
low and high of each channel; each answers probabilities and attention. A run of nets of cells gets
serve_cells (crops and features) and serve_field (a field, its label image and its flows, whose
cells are cut out and measured in the graph); each answers probabilities of every cell. The model
loads in plain TensorFlow, without Keras or cellscreen; assets.extra/cellscreen.json says what it
wants.

  cellscreen export --run=runs/ac16 --output=models/ac16
  cellscreen export --run=runs/ac16 --fold=0 --output=models/ac16_fold0

Without --fold it is the mean over the run's folds.
"""

from __future__ import annotations

import sys

from absl import flags

from cellscreen import commands

FLAGS = flags.FlagValues()
_RUN = flags.DEFINE_string("run", None, "A finished run folder.", flag_values=FLAGS, required=True)
_OUTPUT = flags.DEFINE_string(
    "output", None, "Folder of the model's versions.", flag_values=FLAGS, required=True
)
_FOLD = flags.DEFINE_integer(
    "fold", None, "Export this fold's net; without it the mean over folds.", flag_values=FLAGS
)


def main(argv: list[str]) -> int:
    """Exports the run and says where the model is."""
    from cellscreen.serving.export import export_run

    del argv
    folder = export_run(_RUN.value, _OUTPUT.value, _FOLD.value)
    part = "the mean over folds" if _FOLD.value is None else f"fold {_FOLD.value}"
    print(f"Exported {part} to {folder}")
    return 0


if __name__ == "__main__":
    sys.exit(commands.run(sys.modules[__name__], sys.argv[1:]))
