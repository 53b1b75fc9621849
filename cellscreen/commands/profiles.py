"""Write a net's embeddings of held-out wells as profiles for pycytominer and copairs.

Each well is embedded by the net of the fold that held it out. Profiles of different folds
(Metadata_fold) are by different nets and cannot be compared: compare inside a fold.

  cellscreen profiles --model=runs/mid --data_dir=records --output=profiles.parquet

--level says what a row is: `well`, the mean embedding of the set encoder over --sets random sets;
`pooled`, the mean of the crop encoder's over the well's cells; `cell`, that of each cell, with its
attention (Metadata_attention). With --every_net wells of groups that no net was trained on, such as
vehicle, are embedded by every net: a row a net, Metadata_own_fold tells which is the well's own.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from absl import flags

from cellscreen import commands

if TYPE_CHECKING:
    import pandas as pd

    from cellscreen.explain.explain_input import ExplainInput

FLAGS = flags.FlagValues()
_MODEL = flags.DEFINE_string(
    "model", None, "Run folder of `cellscreen train-bags`.", flag_values=FLAGS, required=True
)
_DATA_DIR = flags.DEFINE_string(
    "data_dir", "", "Root folder of prepared plates; empty: as in training.", flag_values=FLAGS
)
_OUTPUT = flags.DEFINE_string(
    "output", None, "Profiles to write, .parquet.", flag_values=FLAGS, required=True
)
_LEVEL = flags.DEFINE_enum(
    "level", "well", ["well", "pooled", "cell"], "What a row is.", flag_values=FLAGS
)
_EVERY_NET = flags.DEFINE_bool(
    "every_net", False, "Embed wells that no net was trained on by each net.", flag_values=FLAGS
)
_SETS = flags.DEFINE_integer(
    "sets", 50, "Random sets that a well's embedding is the mean of.", 1, flag_values=FLAGS
)
_SEED = flags.DEFINE_integer("seed", 0, "Of the draws of sets.", lower_bound=0, flag_values=FLAGS)


def main(argv: list[str]) -> int:
    """Embeds the wells of a run, writes them and says what they are."""
    from cellscreen.errors import ConfigError
    from cellscreen.explain.explain_config import ExplainConfig
    from cellscreen.explain.explained_run import read_explain_input
    from cellscreen.explain.profile_files import write_profiles

    del argv
    if _EVERY_NET.value and _LEVEL.value == "cell":
        raise ConfigError("Expected --every_net with profiles of wells; got --level=cell.")
    asked = read_explain_input(
        _MODEL.value,
        Path(_OUTPUT.value).parent,
        data_dir=_DATA_DIR.value,
        config=ExplainConfig(attention_sets=_SETS.value),
        seed=_SEED.value,
    )
    rows = write_profiles(_parts(asked), _OUTPUT.value)
    folds = asked.manifest["fold"].iloc[asked.held_out].nunique()
    print(
        f"{rows} profiles ({_LEVEL.value}) by {folds} nets of {asked.run} in {_OUTPUT.value}. "
        "Compare them inside a fold (Metadata_fold) only."
    )
    if asked.simulated:
        print("SIMULATED: the images are simulated.")
    return 0


def _parts(asked: ExplainInput) -> Iterator[pd.DataFrame]:
    from cellscreen.explain.embeddings import bag_profile, cell_profiles, embedded_bags

    if _LEVEL.value == "cell":
        for row in asked.held_out:
            yield cell_profiles(asked, int(row))
        return
    for bag in embedded_bags(asked, _EVERY_NET.value):
        yield bag_profile(asked, bag, pooled=_LEVEL.value == "pooled")


if __name__ == "__main__":
    sys.exit(commands.run(sys.modules[__name__], sys.argv[1:]))
