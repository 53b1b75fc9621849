"""The page on nets for single cells gives commands and flags that the verbs take."""

import copy
import importlib
import re
import shlex
from pathlib import Path

import pytest

from cellscreen import commands
from cellscreen.comparators.honesty_config import HonestyConfig
from cellscreen.comparators.honesty_tables import FILES
from cellscreen.fitting.flags import config_from_flags

PAGE = (Path(__file__).parents[2] / "docs" / "hybrids.md").read_text("utf-8")
COMMANDS = [
    line
    for block in re.findall(r"```bash\n(.*?)```", PAGE, re.DOTALL)
    for line in block.replace("\\\n", " ").splitlines()
    if line.startswith("cellscreen ")
]
FLAGS = sorted(set(re.findall(r"`--(\w+)", PAGE)))


def test_the_page_is_read():
    assert len(COMMANDS) == 8
    assert {"splits", "balances", "ablations", "layout_column"} <= set(FLAGS)


@pytest.mark.parametrize("line", COMMANDS)
def test_a_command_of_the_page_is_one_the_verb_takes(line):
    _, verb, *words = shlex.split(line)
    values = copy.deepcopy(importlib.import_module(commands.VERBS[verb]).FLAGS)
    values([verb, *map(commands._with_recipe, words)])
    if verb == "honesty":
        config_from_flags(HonestyConfig, values)


@pytest.mark.parametrize("name", FLAGS)
def test_a_flag_of_the_page_is_one_of_the_verb(name):
    assert name in importlib.import_module(commands.VERBS["honesty"]).FLAGS


@pytest.mark.parametrize("file", FILES.values())
def test_every_table_is_explained(file):
    assert f"`{file}`" in PAGE
