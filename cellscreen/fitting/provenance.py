"""Which code made a run: the commit of the checkout this package lies in."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

_SECONDS = 10.0


def git_commit(folder: str | Path | None = None) -> str:
    """The commit of a checkout, with `-dirty` if tracked files differ from it.

    Args:
        folder: a folder of the checkout; that of this package if None.

    Returns:
        The hash of 40 hex digits; empty outside git, without git, or where the folder only lies
        inside a checkout of something else, as an installed package in a project's environment.

    Example:
        >>> git_commit("/")
        ''
    """
    folder = Path(folder) if folder else Path(__file__).resolve().parent
    if not _git(folder, "ls-files", "."):
        return ""
    return _git(folder, "describe", "--always", "--dirty", "--abbrev=40", "--exclude=*")


def _git(folder: Path, *words: str) -> str:
    """What a git command prints; empty if it fails."""
    elsewhere = {"GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE"}  # set inside hooks
    environment = {k: v for k, v in os.environ.items() if k not in elsewhere}
    try:
        done = subprocess.run(
            ["git", "-C", str(folder), *words],
            capture_output=True,
            text=True,
            timeout=_SECONDS,
            check=True,
            env=environment | {"GIT_OPTIONAL_LOCKS": "0"},
        )
    except (OSError, subprocess.SubprocessError):
        return ""
    return done.stdout.strip()
