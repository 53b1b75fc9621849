"""Marks of finished steps: a small file each, so that a long command goes on where it stopped."""

from __future__ import annotations

from pathlib import Path

from cellscreen.atomic import write_text

FOLDER = "steps"


def step_mark(root: Path, name: str) -> Path:
    """The file that says that a step is finished, and what it took.

    Example:
        >>> step_mark(Path("study"), "0-bags")
        PosixPath('study/steps/0-bags.txt')
    """
    return root / FOLDER / f"{name}.txt"


def mark_step(root: Path, name: str, seconds: float) -> None:
    """Says that a step is finished after so many seconds."""
    write_text(step_mark(root, name), f"{seconds:.1f}\n")


def seconds_of_steps(root: Path) -> float:
    """What all finished steps took; NaN where none is."""
    times = [float(p.read_text(encoding="utf-8")) for p in root.glob(f"{FOLDER}/*.txt")]
    return sum(times) if times else float("nan")
