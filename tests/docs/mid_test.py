"""The page on MID gives commands that the verbs take, and its recipes are what they say."""

import copy
import importlib
import re
import shlex
from pathlib import Path

import pytest

from cellscreen import commands
from cellscreen.fitting.flags import config_from_flags
from cellscreen.fitting.recipes import config_from_values, recipe_values
from cellscreen.training.bags.config import BagsConfig

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/mid.md").read_text("utf-8")
COMMANDS = [
    line
    for block in re.findall(r"```bash\n(.*?)```", PAGE, re.DOTALL)
    for line in block.replace("\\\n", " ").splitlines()
    if line.startswith("cellscreen ")
]
FLAGS = sorted(set(re.findall(r"`--(\w+)", PAGE)))
RECIPES = ("mid_herg", "mid_mitotox", "mid_compound", "mid_quick", "single_cell")


def _config(name):
    values = recipe_values(BagsConfig, commands.RECIPES / f"{name}.flags")
    return config_from_values(BagsConfig, values | {"data_dir": "records"})


def test_the_page_is_read():
    assert len(COMMANDS) >= 8
    assert {"bag_crops", "min_dose_um"} <= set(FLAGS)


@pytest.mark.parametrize("line", COMMANDS)
def test_a_command_of_the_page_is_one_the_verb_takes(line):
    _, verb, *words = shlex.split(line, comments=True)
    values = copy.deepcopy(importlib.import_module(commands.VERBS[verb]).FLAGS)
    values([verb, *map(commands._with_recipe, words)])
    if verb == "train-bags":
        config_from_flags(BagsConfig, values)


@pytest.mark.parametrize("name", FLAGS)
def test_a_flag_of_the_page_is_one_of_the_verb(name):
    assert name in importlib.import_module(commands.VERBS["train-bags"]).FLAGS


@pytest.mark.parametrize("name", RECIPES)
def test_a_recipe_is_on_the_page_and_gives_its_own_command(name):
    assert f"`{name}.flags`" in PAGE
    text = (commands.RECIPES / f"{name}.flags").read_text("utf-8")
    assert text.startswith(f"# cellscreen train-bags --flagfile={name}.flags --data_dir=records")


@pytest.mark.parametrize("name", RECIPES[:4])
def test_mid_recipes_keep_the_papers_protocol(name):
    config = _config(name)
    assert (config.bag_input.bag_crops, config.inference.sets) == (12, 50)
    assert config.bag_input.bag_unit == "well"
    assert config.loss_config.label_smoothing > 0
    assert (config.optimizer_config.schedule, config.net_config.set_head) == (
        "cosine",
        "transformer",
    )
    assert config.folds_config.fold_by == ("well" if name == "mid_compound" else "compound")


def test_the_papers_splits():
    assert round(100 * _config("mid_herg").folds_config.holdout_share) == 32
    assert round(285 * _config("mid_mitotox").folds_config.holdout_share) == 95
    assert len(_config("mid_mitotox").data.classes) == 3


def test_the_single_cell_method_votes_by_single_crops():
    config = _config("single_cell")
    assert (config.bag_input.bag_crops, config.net_config.set_head) == (1, "vote")
    assert (config.data.dataset, config.bag_input.bag_unit) == ("hypoxia", "field")
