"""Makes .venv from nothing, by setup.cfg and constraints.txt: `make` calls it before anything else.

The file named on the command line is written last. Without it the environment is made again, so
that an installation that was killed leaves nothing half. The lock is handed on to pip: an orphan of
a killed make finishes before the next one starts, and two makes at a time make one environment.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
import sys
from pathlib import Path

PIP_INSTALL = ("-m", "pip", "--quiet", "--disable-pip-version-check", "install")
REQUIREMENTS = ("--constraint", "constraints.txt", "--editable", ".[dev]")


def main(ready: Path) -> None:
    """Makes `ready.parent`, unless `ready` is there."""
    if sys.version_info < (3, 11):  # noqa: UP036  (an older one gets as far as this message)
        sys.exit("Python 3.11 or newer is needed, for example: make PYTHON=python3.12 test")
    with open(f"{ready.parent}.lock", "w", encoding="utf-8") as lock:
        os.set_inheritable(lock.fileno(), True)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print("Another make is installing; waiting for it.", flush=True)
            fcntl.flock(lock, fcntl.LOCK_EX)
        if ready.exists():
            return
        print(f"Installing into {ready.parent}, once: a few minutes, about 3 GB.", flush=True)
        if ready.parent.exists():
            shutil.rmtree(ready.parent)
        run(sys.executable, "-m", "venv", str(ready.parent))
        run(str(ready.parent / "bin" / "python"), *PIP_INSTALL, *REQUIREMENTS)
        ready.touch()


def run(*words: str) -> None:
    """Runs a command that inherits the lock; ends with its status if it fails."""
    status = subprocess.run(words, close_fds=False, check=False).returncode
    if status:
        sys.exit(status)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
