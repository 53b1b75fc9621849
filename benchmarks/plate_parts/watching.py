"""A `cellscreen` command as users run it, and the memory of all its processes meanwhile."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import psutil

EVERY_S = 0.2
COMMAND = "import sys; from cellscreen import commands; sys.exit(commands.main(sys.argv[1:]))"


def watched(words: Sequence[str], folder: Path) -> tuple[list[int], str]:
    """Runs `cellscreen`; returns its memory every 0.2 s, and what it said on stderr.

    Args:
        words: verb and flags.
        folder: for what it says.

    Raises:
        RuntimeError: the command failed.
    """
    command = [sys.executable, "-c", COMMAND, *words]
    memory, told = [], folder / "stderr.txt"
    with open(told, "w") as stderr:
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=stderr)
    while process.poll() is None:
        memory.append(_memory(process.pid))
        time.sleep(EVERY_S)
    said = told.read_text()
    if process.returncode:
        raise RuntimeError(f"The command ended with {process.returncode}:\n{said}")
    return memory, said


def _memory(pid: int) -> int:
    """Resident memory of a process and all that it started, in bytes."""
    total = 0
    try:
        parent = psutil.Process(pid)
        family = [parent, *parent.children(recursive=True)]
    except psutil.NoSuchProcess:
        return 0
    for process in family:
        try:
            total += process.memory_info().rss
        except psutil.NoSuchProcess:  # it ended meanwhile
            continue
    return total
