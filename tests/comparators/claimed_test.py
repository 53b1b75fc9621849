import math
from dataclasses import dataclass

import pytest

from cellscreen.comparators.claimed import claim_config
from cellscreen.comparators.step_marks import seconds_of_steps
from cellscreen.errors import ConfigError


@dataclass(frozen=True)
class Asked:
    size: int = 1
    parts: tuple[str, ...] = ("a",)


def test_a_folder_goes_on_with_its_own_config_only(tmp_path):
    path = tmp_path / "asked.json"
    claim_config(path, Asked(), "a study")
    claim_config(path, Asked(), "a study")
    with pytest.raises(ConfigError, match=r"a study of other flags: size: 1 -> 2\.") as caught:
        claim_config(path, Asked(size=2), "a study")
    assert caught.value.fix == "Give its flags to go on, or another --output."


def test_what_is_free_may_change_and_is_kept(tmp_path):
    path = tmp_path / "asked.json"
    claim_config(path, Asked(), "a study", free=("parts",))
    claim_config(path, Asked(parts=("a", "b")), "a study", free=("parts",))
    assert '"b"' in path.read_text()


def test_without_a_finished_step_nothing_was_taken(tmp_path):
    assert math.isnan(seconds_of_steps(tmp_path))
