"""Builds wheel and sdist, and tries the wheel in an empty environment: `make wheel-check`.

The wheel must hold what the checkout holds, links followed and tests left out; the sdist must make
the same wheel; and every verb must answer `--help` far from the checkout.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

from build_files import ROOT, files

NOT_COPIED = shutil.ignore_patterns(".*", "__pycache__", "build", "dist", "demo", "*.egg-info")
LIST_VERBS = "from cellscreen.commands import VERBS; print(*VERBS)"
BUILD_SDIST = "from setuptools.build_meta import build_sdist; build_sdist('.')"
PIP = ("-m", "pip", "--quiet", "--disable-pip-version-check")


def main() -> None:
    """Exits with a message if anything is wrong."""
    with tempfile.TemporaryDirectory() as folder:
        scratch = Path(folder)
        wheel = build_wheel(scratch)
        python = install(wheel, scratch / "venv")
        verbs = run(python, "-c", LIST_VERBS, cwd=scratch).split()
        for verb in ("", *verbs):
            words = [str(python.with_name("cellscreen")), *verb.split(), "--help"]
            print("cellscreen", *words[1:], flush=True)
            if "--" not in run(*words, cwd=scratch):
                sys.exit(f"No help from {words}.")


def build_wheel(scratch: Path) -> Path:
    """Builds from the checkout and from the sdist; both have to hold the files of the checkout."""
    tree = scratch / "tree"
    shutil.copytree(ROOT, tree, symlinks=True, ignore=NOT_COPIED)
    run(sys.executable, "-c", BUILD_SDIST, cwd=tree)
    (sdist,) = tree.glob("*.tar.gz")
    for source, target in ((sdist, "from_sdist"), (tree, "from_tree")):
        wheels = ("--no-deps", "--wheel-dir", str(scratch / target))
        run(sys.executable, *PIP, "wheel", *wheels, str(source), cwd=scratch)
        (wheel,) = (scratch / target).glob("*.whl")
        check_contents(wheel)
    return wheel


def check_contents(wheel: Path) -> None:
    """The wheel must have every file of the library but its tests, and nothing else."""
    names = {name for name in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in name}
    wanted = {path for path in files(ROOT, ("cellscreen",)) if not path.endswith("_test.py")}
    if names != wanted:
        missing, extra = sorted(wanted - names), sorted(names - wanted)
        sys.exit(f"{wheel.parent.name}: missing in the wheel: {missing}; too much in it: {extra}.")


def install(wheel: Path, folder: Path) -> Path:
    """Installs a wheel with its dependencies into a new environment; returns its python."""
    python = folder / "bin" / "python"
    run(sys.executable, "-m", "venv", str(folder), cwd=ROOT)
    run(str(python), *PIP, "install", "-c", str(ROOT / "constraints.txt"), str(wheel), cwd=ROOT)
    return python


def run(*words: str | Path, cwd: Path) -> str:
    """Standard output of a command; its failure ends the check, with what it printed."""
    done = subprocess.run(
        [str(word) for word in words],
        cwd=cwd,
        env={**os.environ, "PYTHONPATH": ""},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        sys.exit(f"{words} ended with {done.returncode}:\n{done.stdout}{done.stderr}")
    return done.stdout


if __name__ == "__main__":
    main()
