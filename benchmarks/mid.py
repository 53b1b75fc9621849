"""The MID net's training step and inference beside a PyTorch twin of the same net.

    python benchmarks/mid.py                  # ResNet-18, 8 bags × 12 crops of 96×96×3, float32
    python benchmarks/mid.py --rounds=1 --modes "eager, channels last" --width=16 --size=48

Ours is what `cellscreen train-bags` runs: the fitter's training step with Adam, in graph mode and
with XLA, of which `--jit=auto` takes the faster one for a long training; and the prediction step.
The twin runs eager, channels last, and both by torch.compile; what fails is told and left out.
Ratios are to its fastest mode. PyTorch comes by `pip install 'cellscreen[bench]'`; without it,
ours runs alone.

TensorFlow and PyTorch in one process would share and fight for threads: each has a process of its
own with the same number of threads, and one waits at a pipe while the other computes. Modes take
turns in every round, and medians count. The batch is the same, in memory, laid out as each mode
wants it. Both are checked first: the same weights must give the same answer, loss and gradients.

On a machine that is not idle the ratio of several threads is wrong, in our favour: PyTorch's
threads wait for each other busily, TensorFlow's do not. Only `--threads=1` and its CPU time mean
something there.

Last come the time that the loop spends inside `next()` of the input pipeline (crops in memory),
and the kinds of operation that our step is made of. Times are never asserted.
"""

from __future__ import annotations

import argparse
import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

from mid_parts.settings import Settings
from timing.sides import side
from timing.two_nets import add_arguments, compare, tell_loop, tell_profile


def main() -> None:
    """Checks, measures and prints."""
    arguments = _arguments()
    settings = Settings(
        threads=arguments.threads,
        bags=arguments.bags,
        crops=arguments.crops,
        size=arguments.size,
        width=arguments.width,
    )
    print(
        f"ResNet-18 of width {settings.width}, {settings.bags} bags × {settings.crops} crops of "
        f"{settings.size}×{settings.size}×{settings.channels}, float32, {settings.threads} threads"
    )
    with side("mid_parts.ours", settings) as ours:
        compare(ours, "mid_parts.twin", settings, arguments)
        tell_loop(ours, arguments, "crops in memory")
        print(f"  making a batch takes {1000 * ours.ask('input_alone', 20):.0f} ms of CPU time")
        tell_profile(ours, arguments)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    add_arguments(parser)
    parser.add_argument("--bags", type=int, default=8)
    parser.add_argument("--crops", type=int, default=12)
    parser.add_argument("--size", type=int, default=96)
    parser.add_argument("--width", type=int, default=64)
    return parser.parse_args()


if __name__ == "__main__":
    main()
