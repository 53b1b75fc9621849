"""The page on scoring and serving nets of bags gives commands and flags that the verbs take."""

import copy
import importlib
import re
import shlex
from pathlib import Path

import pytest

from cellscreen import commands

PAGE = (Path(__file__).parents[2] / "docs" / "mid-inference.md").read_text("utf-8")
BLOCKS = re.findall(r"```bash\n(.*?)```", PAGE, re.DOTALL)
LINES = [line for block in BLOCKS for line in block.replace("\\\n", " ").splitlines()]
COMMANDS = [line for line in LINES if line.startswith("cellscreen ")]


def flags_of(verb):
    return copy.deepcopy(importlib.import_module(commands.VERBS[verb]).FLAGS)


def test_the_page_is_read():
    assert len(COMMANDS) == 8


@pytest.mark.parametrize("line", COMMANDS)
def test_commands_parse(line):
    _, verb, *words = shlex.split(line)
    values = flags_of(verb)
    values([verb, *words])
    assert {word[2:].partition("=")[0] for word in words} == {
        name for name in values if values[name].present
    }


def test_flags_that_the_text_names_exist():
    known = {
        name for verb in ("score", "patch-curve", "export", "build") for name in flags_of(verb)
    }
    assert set(re.findall(r"`--(\w+)", PAGE)) <= known
