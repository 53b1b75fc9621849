"""Our net beside a twin's: checked, timed in turns, and told as medians and ratios."""

from __future__ import annotations

import argparse
import importlib.util
import os
import statistics
from collections.abc import Mapping, Sequence

import numpy as np
from timing.sides import Side, side
from timing.spent import Spent

OURS, TWIN = "ours", "PyTorch"
OUR_MODES = ("graph", "XLA")
TWIN_MODES = ("eager", "eager, channels last", "compiled", "compiled, channels last")
VERBS = {"train": "training step", "infer": "inference"}
Times = dict[tuple[str, str], list[Spent]]


def compare(ours: Side, twin_module: str, settings: object, arguments: argparse.Namespace) -> None:
    """Checks both sides and times them; ours alone where there is no PyTorch."""
    load = os.getloadavg()[0]
    if load > 0.5:
        print(
            f"LOADED: {load:.1f} processes run beside; PyTorch's threads wait busily, and lose most"
        )
    if importlib.util.find_spec("torch") is None:
        print("PyTorch is not installed: ours alone (pip install 'cellscreen[bench]')")
        measure({OURS: ours}, arguments)
        return
    with side(twin_module, settings) as twin:
        twin.tell((ours.ask("weights"), ours.ask("given")))
        check(ours, twin, arguments.our_modes)
        measure({OURS: ours, TWIN: twin}, arguments)


def check(ours: Side, twin: Side, modes: Sequence[str]) -> None:
    """Prints how far answers, loss and gradients of both nets are apart."""
    theirs = twin.ask("check", "")
    for mode in modes:
        own = ours.ask("check", mode)
        apart = np.abs(own["answer"] - theirs["answer"]).max()
        print(
            f"{mode} and twin: answers at most {apart:.1e} apart; loss {own['loss']:.6f} and "
            f"{theirs['loss']:.6f}; norm of gradients {own['norm']:.5f} and {theirs['norm']:.5f}"
        )


def measure(sides: Mapping[str, Side], arguments: argparse.Namespace) -> None:
    """Times all modes in turns, and prints medians and ratios."""
    modes = [(OURS, mode) for mode in arguments.our_modes]
    if TWIN in sides:
        modes += [(TWIN, mode) for mode in arguments.modes]
    for verb, title in VERBS.items():
        times: Times = {}
        for number in range(-arguments.warm, arguments.rounds):
            for name, mode in list(modes):
                found = sides[name].ask(verb, mode)
                if isinstance(found, str):
                    print(f"{name}, {mode} does not run here: {found}")
                    modes.remove((name, mode))
                elif number >= 0:  # those before trace, compile and warm up
                    times.setdefault((name, mode), []).append(found)
        tell(title, times)


def tell(title: str, times: Times) -> None:
    """Prints a row for each mode, and our ratio to the fastest of the twin's."""
    print(f"\n{title}, median of {len(next(iter(times.values())))}")
    medians = {
        way: Spent(*map(statistics.median, zip(*all_of, strict=True)))
        for way, all_of in times.items()
    }
    for (name, mode), median in medians.items():
        clocks = [spent.clock for spent in times[name, mode]]
        print(
            f"  {name + ', ' + mode:34} {median.clock:7.3f} s  ({min(clocks):.3f} to "
            f"{max(clocks):.3f}); {median.cpu:.3f} s of CPU time"
        )
    if any(name == TWIN for name, _ in medians):
        _tell_ratio(medians, "clock", "; goal below 1.0, bar 1.15")
        _tell_ratio(medians, "cpu", " of CPU time")


def _tell_ratio(medians: dict[tuple[str, str], Spent], what: str, more: str) -> None:
    best = {
        name: min((getattr(m, what), mode) for (one, mode), m in medians.items() if one == name)
        for name in (OURS, TWIN)
    }
    print(
        f"  ours ({best[OURS][1]}) takes {best[OURS][0] / best[TWIN][0]:.2f} times the fastest "
        f"PyTorch's ({best[TWIN][1]}){more}"
    )


def tell_loop(ours: Side, arguments: argparse.Namespace, what: str) -> None:
    """Prints what the input pipeline takes beside the net."""
    print(f"\nour loop with its input pipeline, {what}")
    for mode in arguments.our_modes:
        whole, waited = ours.ask("loop", mode, arguments.rounds)
        print(f"  {mode}: {whole:.3f} s a step, {1000 * waited:.1f} ms of it inside next()")


def tell_profile(ours: Side, arguments: argparse.Namespace) -> None:
    """Prints the kinds of operation that take longest in one step."""
    for mode in arguments.our_modes:
        kinds = ours.ask("profile", mode)
        whole = sum(spent for _, spent, _ in kinds)
        print(f"\nprofile, {mode}: {whole:.0f} ms in operations, summed over threads")
        for kind, spent, count in kinds[: arguments.profile]:
            print(f"  {spent:8.1f} ms {100 * spent / whole:5.1f} % {count:5}  {kind}")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What every comparison of two nets can be asked."""
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--warm", type=int, default=2, help="rounds that do not count")
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument(
        "--modes", nargs="+", choices=TWIN_MODES, default=list(TWIN_MODES), help="of the twin"
    )
    parser.add_argument(
        "--our_modes", nargs="+", choices=OUR_MODES, default=list(OUR_MODES), help="of ours"
    )
    parser.add_argument("--profile", type=int, default=12, help="rows of each profile")
