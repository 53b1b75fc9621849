"""Explain a net of bags: attention, galleries, deletion test, dose curves, errors.

Every well is explained by the net of the fold that held it out. Writes tables (parquet, CSV),
pictures (PNG) and one self-contained page, index.html, into the output folder.

  cellscreen explain --model=runs/mid --data_dir=records --images=plates --output=explained

--images are the folders the plates were prepared from: attention is drawn over them, and they say
how large a pixel is. Without them fields are patched from the crops, and scale bars are in pixels.
Of a simulation made with --cell_truth, attention is compared with the cells that were truly
affected (--truth, or the folders of --images). --scores takes a table of `cellscreen score` of the
run's own bags instead of the predictions in the run folder; what was not scored out of fold is left
out. --profiles adds profiles of another origin, such as a baseline's, to the maps and tables of
embeddings.
"""

from __future__ import annotations

import dataclasses
import sys

from absl import flags

from cellscreen import commands
from cellscreen.explain.explain_config import ExplainConfig
from cellscreen.fitting.flags import config_from_flags, define_flags

FLAGS = flags.FlagValues()
_MODEL = flags.DEFINE_string(
    "model", None, "Run folder of `cellscreen train-bags`.", flag_values=FLAGS, required=True
)
_DATA_DIR = flags.DEFINE_string(
    "data_dir", "", "Root folder of prepared plates; empty: as in training.", flag_values=FLAGS
)
_SCORES = flags.DEFINE_string(
    "scores", "", "Score table of the run's bags; empty: the run's predictions.", flag_values=FLAGS
)
_IMAGES = flags.DEFINE_list(
    "images", [], "Folders of the images, by commas: for maps and scale bars.", flag_values=FLAGS
)
_TRUTH = flags.DEFINE_string(
    "truth", "", "Folder of the simulation with the truth of every cell.", flag_values=FLAGS
)
_PROFILES = flags.DEFINE_list(
    "profiles",
    [],
    "Profiles to compare with, name=path by commas: a parquet, or a folder of fold_<k>/profiles."
    "parquet.",
    flag_values=FLAGS,
)
_OF_TASK = flags.DEFINE_string(
    "of_task", "", "Which of several tasks is explained; empty: the first.", flag_values=FLAGS
)
_OUTPUT = flags.DEFINE_string(
    "output", None, "Folder to write to.", flag_values=FLAGS, required=True
)
_SEED = flags.DEFINE_integer("seed", 0, "Of all draws.", lower_bound=0, flag_values=FLAGS)
define_flags(ExplainConfig, FLAGS)


def main(argv: list[str]) -> int:
    """Reads the run, makes the page and says where it is."""
    from cellscreen.explain.explained_run import read_explain_input
    from cellscreen.explain.named_profiles import read_others
    from cellscreen.report.mid_page import write_explanation

    del argv
    others = read_others(_PROFILES.value)
    asked = read_explain_input(
        _MODEL.value,
        _OUTPUT.value,
        data_dir=_DATA_DIR.value,
        scores=_SCORES.value,
        images=_IMAGES.value,
        truth=_TRUTH.value,
        of_task=_OF_TASK.value,
        config=config_from_flags(ExplainConfig, FLAGS),
        seed=_SEED.value,
    )
    page = write_explanation(dataclasses.replace(asked, others=others))
    print(f"{len(asked.held_out)} bags of {asked.run} explained out of fold: {page}")
    if asked.simulated:
        print("SIMULATED: the images are simulated.")
    return 0


if __name__ == "__main__":
    sys.exit(commands.run(sys.modules[__name__], sys.argv[1:]))
