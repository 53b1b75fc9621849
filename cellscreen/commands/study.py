"""Compare all methods on simulated plates of known truth: one table, one page.

Simulates cardiotoxicity plates at several affected fractions (the share of a well's cells that a
toxic compound changes; 0 is a plate without any effect), prepares bags and cells, trains MID and
the other set heads with folds by compound, LightGBM on features, a net of single crops and plain
baselines on the same folds, and writes one table of every method at every fraction with intervals
and paired differences, a page and a Markdown file, which say where MID loses. Everything made is
marked simulated.

  cellscreen study --output=study
  cellscreen study --output=small --fractions=0,0.6 --compounds=20 --doses=2 --seeds=0

Each step prints itself and is kept once it is done: killed and given again, the study goes on where
it stopped, and the page is written anew after each fraction. More --fractions or --seeds may be
asked for later. docs/study.md says what each method is and how long it takes.
"""

from __future__ import annotations

import sys
from pathlib import Path

from absl import flags

from cellscreen import commands
from cellscreen.commands import study_steps
from cellscreen.commands.steps import take_steps
from cellscreen.commands.study_plan import study_plan
from cellscreen.comparators.study_config import StudyConfig
from cellscreen.comparators.study_folder import StudyFolder
from cellscreen.errors import ConfigError
from cellscreen.fitting.flags import config_from_flags, define_flags

FLAGS = flags.FlagValues()
_OUTPUT = flags.DEFINE_string(
    "output",
    None,
    "Folder of everything made, new or begun before.",
    flag_values=FLAGS,
    required=True,
)
define_flags(StudyConfig, FLAGS)


def main(argv: list[str]) -> int:
    """Takes every step that is not done, and says what came out."""
    del argv
    root, config = Path(_OUTPUT.value), config_from_flags(StudyConfig, FLAGS)
    if "," in _OUTPUT.value:
        raise ConfigError(f"Expected an --output without comma; got {_OUTPUT.value!r}.")
    StudyFolder(root).claim(config)
    status = take_steps(
        study_plan(root, config), root, lambda: study_steps.write_results(root, config)
    )
    if status:
        return status
    for line in study_steps.write_results(root, config):
        print(line)
    print(f"\nAll SIMULATED. Page: {root / study_steps.PAGE}, text: {root / study_steps.TEXT}")
    return 0


if __name__ == "__main__":
    sys.exit(commands.run(sys.modules[__name__], sys.argv[1:]))
