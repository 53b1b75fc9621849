"""Score images with a trained or exported model: one parquet, a row an image.

The model is a run folder (an image is scored by the net of the fold that held it, or its group such
as its well, out; one of a new group by the mean over folds) or a SavedModel of `cellscreen export`
(which refuses images and wells it was trained on). Where a model was trained on others of an
image's wider group, such as a compound, Metadata_model_saw_group is true. The images are any folder
that `cellscreen check` reads, with the same flags; stacks, light and intensity scale are dealt with
as by `cellscreen build`: give what it was given.

  cellscreen score --model=runs/ac16 --images=screen --where=cell_line=AC16 --output=ac16.parquet

--quality=checked/quality.csv, of `cellscreen check --deep --output`, carries each image's quality
flags along as Metadata_quality_flags: nothing is left out, and `cellscreen vote` tells of them.
"""

from __future__ import annotations

import sys
from pathlib import Path

from absl import flags

from cellscreen import commands
from cellscreen.commands.image_flags import define_image_flags, read_images
from cellscreen.records.preparation import Preparation, prepare_plates
from cellscreen.training.flags import config_from_flags, define_flags

FLAGS = flags.FlagValues()
_MODEL = flags.DEFINE_string(
    "model", None, "Run folder or exported model.", flag_values=FLAGS, required=True
)
define_image_flags(FLAGS)
define_flags(Preparation, FLAGS)
_OUTPUT = flags.DEFINE_string(
    "output", None, "Score table to write, .parquet.", flag_values=FLAGS, required=True
)
_WHERE = flags.DEFINE_string(
    "where", "", 'Images to score, e.g. "cell_line=AC16"; empty is all.', flag_values=FLAGS
)
_QUALITY = flags.DEFINE_string(
    "quality", "", "A quality.csv of cellscreen check, to carry its flags along.", flag_values=FLAGS
)
_LEVEL = flags.DEFINE_enum(
    "level",
    "image",
    ["image", "well", "treatment"],
    "A row an image, or their mean by well or treatment.",
    flag_values=FLAGS,
)


def main(argv: list[str]) -> int:
    """Scores the images and says where the table is."""
    from cellscreen.pipelines.selection import select
    from cellscreen.quality.quality_files import read_quality
    from cellscreen.screening.quality_flags import with_quality_flags
    from cellscreen.screening.scores import aggregate, write_scores
    from cellscreen.serving.scoring import open_model, score_images

    del argv
    table, _, _ = read_images(FLAGS)
    table = table[select(table, _WHERE.value)]
    folder = Path(_OUTPUT.value).with_suffix("")  # what is measured of the plates lies there
    table = prepare_plates(table, config_from_flags(Preparation, FLAGS), folder)
    scorer = open_model(_MODEL.value)
    scores = score_images(scorer, table)
    if _QUALITY.value:
        scores = with_quality_flags(scores, read_quality(_QUALITY.value))
    if _LEVEL.value != "image":
        scores = aggregate(scores, _LEVEL.value)
    write_scores(scores, _OUTPUT.value)
    of_folds = int(scores["fold"].notna().sum())
    print(f"{len(scores)} rows by {scorer.model_id} in {_OUTPUT.value}; {of_folds} out-of-fold.")
    if scores["Metadata_simulated"].any() or scorer.simulated:
        print("SIMULATED: the images, or those the model was trained on, are simulated.")
    return 0


if __name__ == "__main__":
    sys.exit(commands.run(sys.modules[__name__], sys.argv[1:]))
