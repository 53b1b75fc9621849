import dataclasses
from typing import Literal

import pytest
from absl import flags

from cellscreen.errors import ConfigError
from cellscreen.fitting.fit_config import FitConfig, OptimizerConfig
from cellscreen.fitting.flags import (
    check_types,
    config_from_flags,
    config_from_json,
    config_to_json,
    define_flags,
    differing_fields,
)
from cellscreen.training.edges.config import DataConfig, EdgesConfig


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


def test_an_older_json_takes_the_defaults_of_new_fields_and_says_so_once(caplog, tmp_path):
    caplog.set_level("INFO")
    path = tmp_path / "config.json"
    for _ in range(2):
        older = config_from_json(Outer, '{"inner": {"rate": 1}}', path)
    assert older == Outer(Inner(1.0))
    told = f"{path} was made before these fields were, they take their defaults: words, kind."
    assert caplog.messages == [told]


def test_json_of_another_version_is_an_error_that_names_the_file():
    told = r"another version of cellscreen: bags, heads are no fields of Outer\. \[file old\.json\]"
    with pytest.raises(ConfigError, match=told):
        config_from_json(Outer, '{"inner": {"heads": 1}, "bags": 2, "kind": "x"}', "old.json")


@pytest.mark.parametrize(
    ("json", "message"),
    [
        ('{"optimizer": "sgd"}', r"optimizer to be one of 'adam', 'adamw'; got 'sgd'"),
        ('{"keep": "bset"}', r"keep to be one of 'last', 'best'; got 'bset'"),
        ('{"keep": ["best"]}', r"keep to be one of 'last', 'best'; got \['best'\]"),
        ('{"epochs": 2.5}', r"epochs to be a whole number; got 2\.5"),
        ('{"epochs": "3"}', r"epochs to be a whole number; got '3'"),
        ('{"epochs": null}', r"epochs to be a whole number; got None"),
        ('{"epochs": true}', r"epochs to be a whole number; got True"),
        ('{"learning_rate": "fast"}', r"learning_rate to be a number; got 'fast'"),
        ('{"where": 3}', r"where to be a text; got 3"),
        ('{"classes": "no,yes"}', r"classes to be a list of texts; got 'no,yes'"),
        ('{"classes": ["no", 1]}', r"classes to be a list of texts; got \['no', 1\]"),
        ('{"epochs": -1}', r"epochs within 0 and inf; got -1"),
    ],
)
def test_values_of_a_file_are_checked_as_flags_are(json, message):
    text = '{"data_dir": "d", ' + json.removeprefix("{")
    with pytest.raises(ConfigError, match=rf"Expected {message}.*\[file c\.json\]"):
        config_from_json(EdgesConfig, text, "c.json")


def test_values_from_python_are_checked_as_flags_are():
    with pytest.raises(ConfigError, match="optimizer to be one of 'adam', 'adamw'; got 'sgd'"):
        EdgesConfig(DataConfig(data_dir="d"), optimizer_config=OptimizerConfig(optimizer="sgd"))
    check_types(Outer(Inner(rate=2)))
    with pytest.raises(ConfigError, match="words to be a list of texts; got 'ab'"):
        check_types(Outer(Inner(words="ab")))


def test_a_whole_number_is_a_number():
    config = config_from_json(Outer, '{"rate": 2, "words": [], "kind": "y"}')
    assert (config.inner.rate, type(config.inner.rate), config.inner.words) == (2.0, float, ())


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
