"""The README and the pages on training give commands and flags that the verbs take."""

import copy
import importlib
import re
import shlex
from pathlib import Path

import pytest
from absl import flags

from cellscreen import commands
from cellscreen.fitting.fit_config import Watch
from cellscreen.fitting.flags import config_from_flags
from cellscreen.training.edges.config import EdgesConfig

ROOT = Path(__file__).parents[2]
NAMES = ("docs/training.md", "docs/gpu.md", "README.md")
PAGES = {name: (ROOT / name).read_text("utf-8") for name in NAMES}
BLOCKS = [
    block for page in PAGES.values() for block in re.findall(r"```bash\n(.*?)```", page, re.DOTALL)
]
COMMANDS = [
    line
    for block in BLOCKS
    for line in block.replace("\\\n", " ").splitlines()
    if line.startswith("cellscreen ")
]
FLAGS = sorted(set(re.findall(r"`--(\w+)", PAGES["docs/training.md"])))


def _parsed(line):
    _, verb, *words = shlex.split(line, comments=True)
    values = copy.deepcopy(importlib.import_module(commands.VERBS[verb]).FLAGS)
    values([verb, *map(commands._with_recipe, words)])
    return verb, values


def test_the_pages_are_read():
    assert len(COMMANDS) >= 20
    assert {"jit", "validation_share", "checkpoint_seconds"} <= set(FLAGS)


@pytest.mark.parametrize("line", COMMANDS)
def test_a_command_of_the_pages_is_one_the_verb_takes(line):
    verb, values = _parsed(line)
    if verb == "train-edges":
        config_from_flags(Watch, values)
        if not values["config"].value:
            config_from_flags(EdgesConfig, values)


@pytest.mark.parametrize("name", FLAGS)
def test_a_flag_of_the_page_is_one_of_the_verbs(name):
    known = [importlib.import_module(commands.VERBS[v]).FLAGS for v in ("train-edges", "compare")]
    assert any(name in values for values in known) or name == "help"


def test_a_flag_that_is_none_would_be_seen():
    with pytest.raises(flags.UnrecognizedFlagError, match="epoch_count"):
        _parsed("cellscreen train-edges --data_dir=records --epoch_count=3")


def test_the_page_on_gpus_says_that_it_was_not_run_on_one():
    assert "**Not run on a GPU**" in PAGES["docs/gpu.md"]
