import dataclasses
from typing import Literal

import pytest
from absl import flags

from cellscreen.errors import ConfigError
from cellscreen.training.config import DataConfig, EdgesConfig
from cellscreen.training.fit_config import FitConfig, OptimizerConfig
from cellscreen.training.flags import (
    config_from_flags,
    config_from_json,
    config_to_json,
    define_flags,
    differing_fields,
)


@dataclasses.dataclass(frozen=True)
class Inner:
    rate: float = 0.5  # how fast
    words: tuple[str, ...] = ("a", "b")  # which


@dataclasses.dataclass(frozen=True)
class Outer:
    inner: Inner = dataclasses.field(default_factory=Inner)
    kind: Literal["x", "y"] = "x"  # what kind


@dataclasses.dataclass(frozen=True)
class Clash:
    inner: Inner = dataclasses.field(default_factory=Inner)
    rate: int = 1  # again


def parsed(*words):
    values = flags.FlagValues()
    define_flags(Outer, values)
    values(["test", *words])
    return config_from_flags(Outer, values)


def test_flags_give_the_config_and_defaults_are_the_fields():
    assert parsed() == Outer()
    assert parsed("--rate=2", "--words=c", "--kind=y") == Outer(Inner(2.0, ("c",)), "y")


def test_the_comment_is_the_help():
    values = flags.FlagValues()
    define_flags(Outer, values)
    assert values["rate"].help == "how fast"


def test_a_clash_of_names_is_an_error():
    with pytest.raises(ConfigError, match=r"Clash\.rate is defined twice"):
        define_flags(Clash, flags.FlagValues())


def test_json_gives_the_config_back():
    config = EdgesConfig(DataConfig(data_dir="d", classes=("no", "yes")))
    assert config_from_json(EdgesConfig, config_to_json(config)) == config


def test_json_of_another_class_is_an_error():
    with pytest.raises(ConfigError, match="does not fit Outer: kind"):
        config_from_json(Outer, '{"inner": {"rate": 1, "words": []}}')


def test_differing_fields_are_named():
    assert differing_fields(Outer(kind="y"), Outer()) == ["kind: 'x' -> 'y'"]


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: DataConfig(), "Expected --data_dir"),
        (
            lambda: DataConfig(data_dir="d", labels="l.csv", label_column="x"),
            "either --label_column or --labels; got both",
        ),
        (lambda: DataConfig(data_dir="d", classes=("a",)), "two different classes"),
        (lambda: DataConfig(data_dir="d", task="a b"), "a task of letters"),
        (
            lambda: OptimizerConfig(learning_rate=float("nan")),
            "learning_rate above 0, up to 10; got nan",
        ),
        (lambda: OptimizerConfig(learning_rate=0.0), "learning_rate .* got 0.0"),
        (lambda: OptimizerConfig(learning_rate=float("inf")), "learning_rate .* got inf"),
        (lambda: FitConfig(batch_size=0), "batch_size within 1"),
        (lambda: OptimizerConfig(decay=1.5), "decay above 0, up to 1; got 1.5"),
    ],
)
def test_bounds_are_checked_before_any_data_is_read(build, message):
    with pytest.raises(ConfigError, match=message):
        build()
