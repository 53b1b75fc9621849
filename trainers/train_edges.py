"""Train edge nets: k folds of one net on one group of images.

Learns two classes from prepared edge maps (`cellscreen build`), one net per fold, each scored on
the wells it did not see, with baselines beside it. The run folder gets the resolved config, the
fold manifest, a model and TensorBoard logs per fold, metrics.csv and a model card. The same
command again goes on with the folds that are missing.

  cellscreen train-edges --flagfile=quick.flags --data_dir=records \\
      --where="cell_line=AC16; hours=48" --workdir=runs/ac16_48h

Recipes are flag files, found by name: paper.flags is the hypoxia paper's, quick.flags one for two
cores, bbbc013.flags one for a 96-well dose-response plate. A flag given after --flagfile overrides
the recipe.
"""

from __future__ import annotations

import sys

from absl import flags

from cellscreen import commands
from cellscreen.training.config import EdgesConfig
from cellscreen.training.flags import config_from_flags, define_flags

FLAGS = flags.FlagValues()
_WORKDIR = flags.DEFINE_string(
    "workdir", None, "The run folder, new or to go on with.", flag_values=FLAGS, required=True
)
define_flags(EdgesConfig, FLAGS)


def main(argv: list[str]) -> int:
    """Trains what the flags ask for and prints the figures."""
    del argv
    config = config_from_flags(EdgesConfig, FLAGS)
    from cellscreen.training.edges import train_and_evaluate

    result = train_and_evaluate(config, _WORKDIR.value)
    print((result.workdir / "model_card.md").read_text(encoding="utf-8"))
    print(f"Run folder: {result.workdir}. Curves: tensorboard --logdir {result.workdir}")
    return 0


if __name__ == "__main__":
    sys.exit(commands.run(sys.modules[__name__], sys.argv[1:]))
