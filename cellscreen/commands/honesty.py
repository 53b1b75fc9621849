"""Show what a net for single cells learned: the compound, its place, or nothing.

Papers 002 and 003 report one accuracy each, of a split that lets images of one well be trained on
and asked at once. This trains one net under every split that the plates offer (site, well, plate,
and another plate map), with every remedy for unequal classes, and with every part of it alone; puts
LightGBM on the same table and plain baselines (majority, well position, cell count, intensity)
beside it; and says in one line what a reader may conclude.

  cellscreen simulate --kind=cell_painting --layout=cpjump1 --layouts=2 --output=plates
  cellscreen honesty --flagfile=mask_flow_quick.flags --images=plates --data_dir=records \\
      --output=honesty/mask_flow
  cellscreen honesty --flagfile=image_metadata_quick.flags --images=plates --data_dir=records \\
      --output=honesty/image_metadata

It takes every flag of `cellscreen train-cells` but its run folder. --images, a folder of simulated
plates, is prepared into --data_dir first; plates that are prepared already are kept. --output gets
index.html, honesty.csv, ablation.csv, balance.csv, sanity.csv and every run. Killed and given
again, it goes on where it stopped. docs/hybrids.md says what each table tells.
"""

from __future__ import annotations

import sys
from pathlib import Path

from absl import flags

from cellscreen import commands
from cellscreen.commands import honesty_steps
from cellscreen.commands.honesty_plan import build_step, honesty_plan
from cellscreen.commands.steps import take_steps
from cellscreen.comparators.honesty_config import HonestyConfig
from cellscreen.errors import ConfigError
from cellscreen.fitting.fit_config import Watch
from cellscreen.fitting.flags import config_from_flags, define_flags

FLAGS = flags.FlagValues()
_OUTPUT = flags.DEFINE_string(
    "output", None, "Folder of everything made, new or begun before.", flag_values=FLAGS,
    required=True,
)  # fmt: skip
_IMAGES = flags.DEFINE_string(
    "images", "", "Folder of simulated plates to prepare first; or none.", flag_values=FLAGS
)
define_flags(HonestyConfig, FLAGS)
define_flags(Watch, FLAGS)


def main(argv: list[str]) -> int:
    """Takes every step that is not done, and says what came out."""
    from cellscreen.comparators.honesty_design import read_design
    from cellscreen.comparators.honesty_folder import HonestyFolder
    from cellscreen.comparators.honesty_trainings import honesty_trainings

    del argv
    root, config = Path(_OUTPUT.value), config_from_flags(HonestyConfig, FLAGS)
    if "," in _OUTPUT.value:
        raise ConfigError(f"Expected an --output without comma; got {_OUTPUT.value!r}.")
    HonestyFolder(root).claim(config)
    plates = [build_step(Path(_IMAGES.value), config.cells.data)] if _IMAGES.value else []
    if status := take_steps(plates, root, lambda: None):
        return status
    design = read_design(config)
    trainings = honesty_trainings(config, design)
    plan = honesty_plan(root, config, trainings, config_from_flags(Watch, FLAGS))

    def write() -> list[str]:
        return honesty_steps.write_results(root, config, design, trainings)

    if status := take_steps(plan, root, write):
        return status
    for line in write():
        print(line)
    print(f"\n{'All SIMULATED. ' if design.simulated else ''}Page: {root / honesty_steps.PAGE}")
    return 0


if __name__ == "__main__":
    sys.exit(commands.run(sys.modules[__name__], sys.argv[1:]))
