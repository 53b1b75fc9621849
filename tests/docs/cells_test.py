"""The page on cells gives commands, flags and figures that hold."""

import copy
import re
import shlex
from pathlib import Path

import pytest

from cellscreen.cells.segment_config import METHODS
from cellscreen.commands import build
from cellscreen.commands.record_flags import record_config
from cellscreen.records.build import usual_config

PAGE = (Path(__file__).parents[2] / "docs" / "cells.md").read_text("utf-8")
COMMANDS = [line for line in PAGE.splitlines() if line.startswith("cellscreen ")]


@pytest.mark.parametrize("line", COMMANDS)
def test_a_command_of_the_page_is_one_that_build_takes(line):
    _, verb, *words = shlex.split(line)
    values = copy.deepcopy(build.FLAGS)
    values([verb, *words])
    usual = usual_config(values["dataset"].value, values["kind"].value)
    config = record_config(values, usual)
    assert verb == "build"
    assert values["kind"].value in ("bags", "cells", "paper_002")
    assert config.segment.method in METHODS


def test_all_flags_and_methods_are_named_as_they_are():
    assert len(COMMANDS) == 5
    named = set(re.findall(r"`--(\w+)", PAGE))
    assert len(named) > 10
    assert {name for name in named if name not in build.FLAGS} == set()
    assert all(f"| `{method}`" in PAGE for method in METHODS)
