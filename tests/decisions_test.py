"""The pages on decisions name things that exist."""

import importlib
import re
from pathlib import Path

import pytest

PAGES = Path(__file__).resolve().parent.parent / "docs" / "decisions"
ADDONS = (PAGES / "tensorflow-addons.md").read_text(encoding="utf-8")
LIBRARIES = {"tf": "tensorflow"}
ROWS = re.findall(r"^\| (`[^|]+) \| ([^|]+) \|", ADDONS, re.MULTILINE)
SYMBOLS = sorted({name for _, cell in ROWS for name in re.findall(r"`([\w.]+)`", cell)})


def _resolve(name):
    words = name.split(".")
    found = importlib.import_module(LIBRARIES.get(words[0], words[0]))
    for place, word in enumerate(words[1:], 2):
        if not hasattr(found, word):
            importlib.import_module(".".join(words[:place]))
        found = getattr(found, word)
    return found


def test_table_of_replacements_is_read():
    assert "keras.optimizers.AdamW" in SYMBOLS
    assert len(ROWS) > 30


@pytest.mark.parametrize("name", SYMBOLS)
def test_replacement_for_addons_exists(name):
    assert callable(_resolve(name))


def test_a_name_that_is_not_there_is_told():
    with pytest.raises(ImportError, match="RectifiedAdam"):
        _resolve("keras.optimizers.RectifiedAdam")


def test_index_lists_every_page():
    listed = set(re.findall(r"\]\((\w[\w-]*\.md)\)", (PAGES / "README.md").read_text()))
    assert listed == {path.name for path in PAGES.glob("*.md")} - {"README.md"}
