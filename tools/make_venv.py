"""Makes .venv, or one with an extra, from nothing: `make` calls it before anything else.

What goes in is said by setup.cfg and constraints.txt. With an extra, `constraints-<extra>.txt` has
the pins that are new or that stand in the place of those of constraints.txt.

The file named on the command line is written last. Without it the environment is made again, so
that an installation that was killed leaves nothing half. The lock is handed on to pip: an orphan of
a killed make finishes before the next one starts, and two makes at a time make one environment.
"""

from __future__ import annotations

import fcntl
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

PIP_INSTALL = ("-m", "pip", "--quiet", "--disable-pip-version-check", "install")
CONSTRAINTS = "constraints.txt"


def main(ready: Path, extra: str = "") -> None:
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
        print(f"Installing into {ready.parent}, once: a few minutes, 3 GB or more.", flush=True)
        if extra:
            print(f"The pins of constraints-{extra}.txt stand before the usual.", flush=True)
        install(ready.parent, extra)
        ready.touch()


def install(folder: Path, extra: str) -> None:
    """Makes the environment `folder` anew."""
    if folder.exists():
        shutil.rmtree(folder)
    run(sys.executable, "-m", "venv", str(folder))
    pins = folder / CONSTRAINTS
    texts = [Path(CONSTRAINTS).read_text(encoding="utf-8")]
    if extra:
        texts.append(Path(f"constraints-{extra}.txt").read_text(encoding="utf-8"))
    pins.write_text(merge_pins(*texts), encoding="utf-8")
    python, extras = str(folder / "bin" / "python"), ",".join(filter(None, ("dev", extra)))
    run(python, *PIP_INSTALL, "--constraint", str(pins), "--editable", f".[{extras}]")


def merge_pins(*texts: str) -> str:
    """Returns the pins of all texts, one a package: the last one stands."""
    pins = {}
    for line in "\n".join(texts).splitlines():
        if line.strip() and not line.startswith("#"):
            name = re.split(r"[<>=!~ ]", line, maxsplit=1)[0]
            pins[re.sub(r"[-_.]+", "-", name).lower()] = line
    return "".join(f"{line}\n" for line in pins.values())


def run(*words: str) -> None:
    """Runs a command that inherits the lock; ends with its status if it fails."""
    status = subprocess.run(words, close_fds=False, check=False).returncode
    if status:
        sys.exit(status)


if __name__ == "__main__":
    main(Path(sys.argv[1]), *sys.argv[2:])
