"""Runs the blocks of a page as a reader would."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

PAGES = Path(__file__).parents[2] / "docs"


@pytest.fixture(scope="session")
def blocks_of():
    """The blocks of a page in order, `(language, text)`."""

    def blocks(name):
        page = (PAGES / name).read_text(encoding="utf-8")
        return re.findall(r"```(python|bash)\n(.*?)```", page, re.DOTALL)

    return blocks


@pytest.fixture(scope="session")
def run_blocks():
    """Runs blocks in a folder, each as its language has it."""
    bin_first = {**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}

    def run(blocks, folder):
        for language, block in blocks:
            python = language == "python"
            command = [sys.executable, "-c", block] if python else ["bash", "-ec", block]
            done = subprocess.run(
                command, cwd=folder, env=bin_first, capture_output=True, text=True, check=False
            )
            assert done.returncode == 0, f"{block}\n{done.stdout}\n{done.stderr}"

    return run
