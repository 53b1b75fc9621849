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
import importlib
import importlib.util
import multiprocessing
import os
import statistics
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np
from mid_parts.settings import Settings, Spent

OURS, TWIN = "ours", "PyTorch"
OUR_MODES = ("graph", "XLA")
TWIN_MODES = ("eager", "eager, channels last", "compiled", "compiled, channels last")
VERBS = {"train": "training step", "infer": "inference"}
Times = dict[tuple[str, str], list[Spent]]


class Side:
    """A process that computes only when it is asked.

    Args:
        module: of `mid_parts`, with a function `serve`.
        settings: for it.
    """

    def __init__(self, module: str, settings: Settings) -> None:
        context = multiprocessing.get_context("spawn")
        self._pipe, theirs = context.Pipe()
        self._process = context.Process(target=_serve, args=(module, theirs, settings))
        self._process.start()
        theirs.close()

    def tell(self, what: Any) -> None:
        """Sends without waiting for an answer."""
        self._pipe.send(what)

    def ask(self, *what: Any) -> Any:
        """Sends, and waits for the answer."""
        self._pipe.send(what)
        return self._pipe.recv()

    def end(self) -> None:
        """Ends the process."""
        self._pipe.send(None)
        self._process.join()


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
    load = os.getloadavg()[0]
    if load > 0.5:
        print(
            f"LOADED: {load:.1f} processes run beside; PyTorch's threads wait busily, and lose most"
        )
    with _side("ours", settings) as ours:
        if importlib.util.find_spec("torch") is None:
            print("PyTorch is not installed: ours alone (pip install 'cellscreen[bench]')")
            measure({OURS: ours}, arguments)
        else:
            with _side("twin", settings) as twin:
                twin.tell((ours.ask("weights"), ours.ask("given")))
                check(ours, twin)
                measure({OURS: ours, TWIN: twin}, arguments)
        tell_input(ours, arguments.rounds)
        tell_profile(ours, arguments.profile)


def check(ours: Side, twin: Side) -> None:
    """Prints how far answers, loss and gradients of both nets are apart."""
    theirs = twin.ask("check", "")
    for mode in OUR_MODES:
        own = ours.ask("check", mode)
        apart = np.abs(own["answer"] - theirs["answer"]).max()
        print(
            f"{mode} and twin: answers at most {apart:.1e} apart; loss {own['loss']:.6f} and "
            f"{theirs['loss']:.6f}; norm of gradients {own['norm']:.5f} and {theirs['norm']:.5f}"
        )


def measure(sides: dict[str, Side], arguments: argparse.Namespace) -> None:
    """Times all modes in turns, and prints medians and ratios."""
    modes = [(OURS, mode) for mode in OUR_MODES]
    if TWIN in sides:
        modes += [(TWIN, mode) for mode in arguments.modes]
    for verb, title in VERBS.items():
        times: Times = {}
        for number in range(-arguments.warm, arguments.rounds):
            for side, mode in list(modes):
                found = sides[side].ask(verb, mode)
                if isinstance(found, str):
                    print(f"{side}, {mode} does not run here: {found}")
                    modes.remove((side, mode))
                elif number >= 0:  # those before trace, compile and warm up
                    times.setdefault((side, mode), []).append(found)
        tell(title, times)


def tell(title: str, times: Times) -> None:
    """Prints a row for each mode, and our ratio to the fastest of the twin's."""
    print(f"\n{title}, median of {len(next(iter(times.values())))}")
    medians = {
        way: Spent(*map(statistics.median, zip(*all_of, strict=True)))
        for way, all_of in times.items()
    }
    for (side, mode), median in medians.items():
        clocks = [spent.clock for spent in times[side, mode]]
        print(
            f"  {side + ', ' + mode:34} {median.clock:7.3f} s  ({min(clocks):.3f} to "
            f"{max(clocks):.3f}); {median.cpu:.3f} s of CPU time"
        )
    if any(side == TWIN for side, _ in medians):
        _tell_ratio(medians, "clock", "; goal below 1.0, bar 1.15")
        _tell_ratio(medians, "cpu", " of CPU time")


def _tell_ratio(medians: dict[tuple[str, str], Spent], what: str, more: str) -> None:
    best = {
        name: min((getattr(m, what), mode) for (side, mode), m in medians.items() if side == name)
        for name in (OURS, TWIN)
    }
    print(
        f"  ours ({best[OURS][1]}) takes {best[OURS][0] / best[TWIN][0]:.2f} times the fastest "
        f"PyTorch's ({best[TWIN][1]}){more}"
    )


def tell_input(ours: Side, steps: int) -> None:
    """Prints what the input pipeline takes, beside the net and alone."""
    print("\nour loop with its input pipeline, crops in memory")
    for mode in OUR_MODES:
        whole, waited = ours.ask("loop", mode, steps)
        print(f"  {mode}: {whole:.3f} s a step, {1000 * waited:.1f} ms of it inside next()")
    print(f"  making a batch takes {1000 * ours.ask('input_alone', 20):.0f} ms of CPU time")


def tell_profile(ours: Side, rows: int) -> None:
    """Prints the kinds of operation that take longest in one step."""
    for mode in OUR_MODES:
        kinds = ours.ask("profile", mode)
        whole = sum(spent for _, spent, _ in kinds)
        print(f"\nprofile, {mode}: {whole:.0f} ms in operations, summed over threads")
        for kind, spent, count in kinds[:rows]:
            print(f"  {spent:8.1f} ms {100 * spent / whole:5.1f} % {count:5}  {kind}")


@contextmanager
def _side(module: str, settings: Settings) -> Iterator[Side]:
    side = Side(module, settings)
    try:
        yield side
    finally:
        side.end()


def _serve(module: str, connection: Any, settings: Settings) -> None:
    importlib.import_module(f"mid_parts.{module}").serve(connection, settings)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--warm", type=int, default=2, help="rounds that do not count")
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument(
        "--modes",
        nargs="+",
        choices=TWIN_MODES,
        default=list(TWIN_MODES),
        help="of the twin",
    )
    parser.add_argument("--bags", type=int, default=8)
    parser.add_argument("--crops", type=int, default=12)
    parser.add_argument("--size", type=int, default=96)
    parser.add_argument("--width", type=int, default=64)
    parser.add_argument("--profile", type=int, default=12, help="rows of each profile")
    return parser.parse_args()


if __name__ == "__main__":
    main()
