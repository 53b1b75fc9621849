"""Score images, bags or cells with a trained or exported model: one parquet.

The model is a run folder (an image is scored by the net of the fold that held it, or its group such
as its well, out; one of a new group by the mean over folds) or a SavedModel of `cellscreen export`
(which refuses images and wells it was trained on). Where a model was trained on others of an
image's wider group, such as a compound, Metadata_model_saw_group is true.

Edge nets score images: any folder that `cellscreen check` reads, with the same flags; stacks, light
and intensity scale are dealt with as by `cellscreen build`: give what it was given.

  cellscreen score --model=runs/ac16 --images=screen --where=cell_line=AC16 --output=ac16.parquet

Nets of bags score the bags that `cellscreen build --kind=bags` prepared: a row a well by default, a
field with --level=image, or the mean over wells of each compound and concentration with
--level=treatment. A bag's score is the mean over --sets random sets of --set_crops crops, as in the
run where they are not given, its _sd the spread over sets. A bag without cells has no score, and
Metadata_not_scored says why.

  cellscreen score --model=runs/mid --data_dir=records --output=wells.parquet
  cellscreen score --model=runs/mid --data_dir=records --level=treatment --output=compounds.parquet

Nets of cells score the cells that `cellscreen build --kind=cells` prepared, by a vote of an image's
cells (--vote) or, with --level=well, of all cells of a well; _sd is the spread over cells. Features
that the training took from a table of others come from --cell_table again.

  cellscreen score --model=runs/hybrid --data_dir=records --dataset=cpjump1 --output=images.parquet

--quality=checked/quality.csv, of `cellscreen check --deep --output`, carries quality flags along as
Metadata_quality_flags: nothing is left out, and `cellscreen vote` tells of them.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from absl import flags

from cellscreen import commands
from cellscreen.commands.image_flags import define_image_flags, read_images
from cellscreen.fitting.flags import config_from_flags, define_flags
from cellscreen.records.preparation import Preparation, prepare_plates
from cellscreen.training.bags.inference_config import InferenceConfig

if TYPE_CHECKING:
    from collections.abc import Callable

    import pandas as pd

    from cellscreen.serving.bags.scorer import BagScorer
    from cellscreen.serving.cells.scorer import CellScorer
    from cellscreen.serving.edges.scorer import Scorer

FLAGS = flags.FlagValues()
_MODEL = flags.DEFINE_string(
    "model", None, "Run folder or exported model.", flag_values=FLAGS, required=True
)
define_image_flags(FLAGS, required=False)
define_flags(Preparation, FLAGS)
_DATA_DIR = flags.DEFINE_string(
    "data_dir",
    None,
    "Root folder of prepared bags or cells, for nets of bags or cells.",
    flag_values=FLAGS,
)
_DATASET = flags.DEFINE_enum(
    "dataset",
    "hcs",
    ["hypoxia", "hcs", "cpjump1"],
    "The dataset they were prepared as.",
    flag_values=FLAGS,
)
define_flags(InferenceConfig, FLAGS)
_VOTE = flags.DEFINE_enum(
    "vote",
    "mean",
    ["majority", "mean", "weighted"],
    "How cells vote: share of calls, mean probability, or weighted by confidence.",
    flag_values=FLAGS,
)
_OF_CELLS = ("cell_table", "cell_table_columns", "cell_table_match")
flags.DEFINE_string(
    "cell_table", None, "Of nets of cells: a table of features instead of the records' own.",
    flag_values=FLAGS,
)  # fmt: skip
flags.DEFINE_string(
    "cell_table_columns", None, "CSV `ours,theirs` of the names of its columns.", flag_values=FLAGS
)
flags.DEFINE_enum(
    "cell_table_match", None, ["number", "place"],
    "By what its rows are cells of ours; else as in the training.", flag_values=FLAGS,
)  # fmt: skip
_OUTPUT = flags.DEFINE_string(
    "output", None, "Score table to write, .parquet.", flag_values=FLAGS, required=True
)
_WHERE = flags.DEFINE_string(
    "where", "", 'What to score, e.g. "cell_line=AC16"; empty is all.', flag_values=FLAGS
)
_QUALITY = flags.DEFINE_string(
    "quality", "", "A quality.csv of cellscreen check, to carry its flags along.", flag_values=FLAGS
)
_LEVEL = flags.DEFINE_enum(
    "level",
    None,
    ["image", "well", "treatment"],
    "A row an image, well or treatment; by default image, of nets of bags well.",
    flag_values=FLAGS,
)


def main(argv: list[str]) -> int:
    """Scores images, bags or cells and says where the table is."""
    from cellscreen.screening.not_scored import is_lost
    from cellscreen.screening.scores import write_scores
    from cellscreen.serving.openers import open_model

    del argv
    scorer = open_model(_MODEL.value, given_to_model(FLAGS))
    scores = _SCORES[scorer.kind](scorer)
    write_scores(scores, _OUTPUT.value)
    of_folds, lost = int(scores["fold"].notna().sum()), int(is_lost(scores).sum())
    more = f"; {lost} without a score" if lost else ""
    print(
        f"{len(scores)} rows by {scorer.model_id} in {_OUTPUT.value}; {of_folds} out-of-fold{more}."
    )
    if scores["Metadata_simulated"].any() or scorer.simulated:
        print("SIMULATED: the images, or those the model was trained on, are simulated.")
    return 0


def given_to_model(values: flags.FlagValues) -> dict[str, Any]:
    """What flags ask of the model: fields of `InferenceConfig` and the table of cells."""
    names = (*InferenceConfig.__dataclass_fields__, *_OF_CELLS)
    return {name: values[name].value for name in names if values[name].present}


def _of_images(scorer: Scorer) -> pd.DataFrame:
    from cellscreen.pipelines.selection import select
    from cellscreen.screening.scores import IMAGE, aggregate
    from cellscreen.serving.edges.scoring import score_images

    _require("images", "data_dir", "an edge net, which scores images")
    table, _, _ = read_images(FLAGS)
    table = table[select(table, _WHERE.value)]
    folder = Path(_OUTPUT.value).with_suffix("")  # what is measured of the plates lies there
    table = prepare_plates(table, config_from_flags(Preparation, FLAGS), folder)
    scores = _with_quality(score_images(scorer, table))
    level = _LEVEL.value or IMAGE
    return scores if level == IMAGE else aggregate(scores, level)


def _of_bags(scorer: BagScorer) -> pd.DataFrame:
    from cellscreen.pipelines.records import prepared_plates
    from cellscreen.screening.scores import IMAGE, TREATMENT, WELL, treatments_of_wells
    from cellscreen.serving.bags.scoring import score_bags

    _require("data_dir", "images", "a net of bags, which scores prepared bags")
    folders = prepared_plates(_DATA_DIR.value, _DATASET.value, "bags")
    level = _LEVEL.value or WELL
    scores = score_bags(scorer, folders, IMAGE if level == IMAGE else WELL, _WHERE.value)
    scores = _with_quality(scores)
    return treatments_of_wells(scores) if level == TREATMENT else scores


def _of_cells(scorer: CellScorer) -> pd.DataFrame:
    from cellscreen.pipelines.records import prepared_plates
    from cellscreen.screening.scores import IMAGE, TREATMENT, WELL, treatments_of_wells
    from cellscreen.serving.cells.scoring import score_cells

    _require("data_dir", "images", "a net of cells, which scores prepared cells")
    kind = scorer.config.data.records
    folders = prepared_plates(_DATA_DIR.value, _DATASET.value, kind)
    level = _LEVEL.value or IMAGE
    below = IMAGE if level == IMAGE else WELL
    scores = _with_quality(score_cells(scorer, folders, below, _VOTE.value, _WHERE.value))
    return treatments_of_wells(scores) if level == TREATMENT else scores


def _require(wanted: str, other: str, what: str) -> None:
    from cellscreen.errors import ConfigError

    if FLAGS[wanted].value is None or FLAGS[other].value is not None:
        raise ConfigError(
            f"Expected --{wanted}, and not --{other}: the model is {what}.", file=_MODEL.value
        )


def _with_quality(scores: pd.DataFrame) -> pd.DataFrame:
    from cellscreen.quality.quality_files import read_quality
    from cellscreen.screening.quality_flags import with_quality_flags
    from cellscreen.screening.scores import WELL

    if not _QUALITY.value:
        return scores
    quality = read_quality(_QUALITY.value)
    if scores["level"].iloc[0] == WELL:  # plate/well/site[/plane/time], less the site
        parts = quality["key"].str.split("/")
        quality = quality.assign(key=parts.map(lambda key: "/".join(key[:2] + key[3:])))
    return with_quality_flags(scores, quality)


_SCORES: dict[str, Callable[[Any], pd.DataFrame]] = {
    "edges": _of_images,
    "bags": _of_bags,
    "cells": _of_cells,
}


if __name__ == "__main__":
    sys.exit(commands.run(sys.modules[__name__], sys.argv[1:]))
