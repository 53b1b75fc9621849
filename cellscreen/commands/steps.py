"""The steps of a long command, each taken once: verbs with their words, and what no verb does."""

from __future__ import annotations

import shlex
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

from cellscreen import commands
from cellscreen.comparators.step_marks import mark_step, step_mark
from cellscreen.errors import CellscreenError


class Step(NamedTuple):
    """One step: the words of a verb, or a function; its name is unique in the plan.

    Attributes:
        name: of its mark.
        words: of a verb.
        call: what is called where there are no words.
        about: what `call` does, for the user.
        part: the part of the plan that it belongs to.
    """

    name: str
    words: tuple[str, ...] = ()
    call: Callable[[], object] | None = None
    about: str = ""
    part: str = ""


def take_steps(plan: Sequence[Step], root: Path, between: Callable[[], object]) -> int:
    """Takes every step that is not done; each prints itself and is marked once it is done.

    Args:
        plan: the steps, in order.
        root: folder of the marks.
        between: called whenever a part of the plan is behind.

    Returns:
        The status of a user's interruption, else 0.

    Raises:
        CellscreenError: a step failed.

    Example:
        >>> take_steps([Step("a", call=work)], Path("study"), write_page)  # doctest: +SKIP
        0
    """
    for number, step in enumerate(plan, start=1):
        if number > 1 and step.part != plan[number - 2].part:
            between()
        if step_mark(root, step.name).is_file():
            continue
        started = time.monotonic()
        print(f"\n[{number} of {len(plan)}] {_told(step)}", flush=True)
        if status := _take(step):
            return status
        mark_step(root, step.name, time.monotonic() - started)
    return 0


def _told(step: Step) -> str:
    return f"$ cellscreen {shlex.join(step.words)}" if step.words else f"{step.name}: {step.about}"


def _take(step: Step) -> int:
    if step.call is not None:
        step.call()
        return 0
    status = commands.main(list(step.words))
    if status and status != commands.INTERRUPTED:
        raise CellscreenError(
            f"The step {step.name} failed; its message is above.",
            fix="Mend it and give the same command again: it goes on with this step.",
        )
    return status
