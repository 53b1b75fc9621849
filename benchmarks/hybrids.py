"""Paper 002's net for cells beside a PyTorch twin: two EfficientNet-B0, a table, a gate.

    python benchmarks/hybrids.py               # 16 cells, crops of 224×224×4 twice, float32
    python benchmarks/hybrids.py --rounds=1 --our_modes graph --modes eager --cells=4 --size=64

Ours is what `cellscreen train-cells --flagfile=mask_flow_hybrid.flags` runs: the fitter's training
step with AdamW, in graph mode and with XLA, of which `--jit=auto` takes the faster one for a long
training; and the prediction step. How both sides are run, checked and timed is as in mid.py: a
process each, in turns, medians; the same weights must give the same answer, loss and gradients.

Last come the time that the loop spends inside `next()` of the input pipeline (planes in memory, as
training keeps those that fit), what computing a cell's planes anew takes, and the kinds of
operation that our step is made of. Times are never asserted.
"""

from __future__ import annotations

import argparse
import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

from hybrid_parts.settings import PLANES, TABLE, Settings
from timing.sides import side
from timing.two_nets import add_arguments, compare, tell_loop, tell_profile


def main() -> None:
    """Checks, measures and prints."""
    arguments = _arguments()
    settings = Settings(threads=arguments.threads, cells=arguments.cells, size=arguments.size)
    with side("hybrid_parts.ours", settings) as ours:
        print(
            f"EfficientNet-B0 twice and a table of {TABLE}, {ours.ask('parameters'):,} parameters, "
            f"{settings.classes} classes; {settings.cells} cells of {settings.size}×{settings.size}"
            f"×{PLANES} twice, float32, {settings.threads} threads"
        )
        compare(ours, "hybrid_parts.twin", settings, arguments)
        tell_loop(ours, arguments, "planes in memory")
        print(f"  making a batch takes {1000 * ours.ask('input_alone', 20):.1f} ms of CPU time")
        print(
            f"  a cell's planes anew take {1000 * ours.ask('planes_anew', 50):.1f} ms of CPU time"
        )
        tell_profile(ours, arguments)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    add_arguments(parser)
    parser.add_argument("--cells", type=int, default=16)
    parser.add_argument("--size", type=int, default=224)
    return parser.parse_args()


if __name__ == "__main__":
    main()
