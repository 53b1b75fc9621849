import pytest
from absl import flags

from cellscreen.errors import ConfigError
from cellscreen.explain.explain_config import ExplainConfig
from cellscreen.fitting.flags import config_from_flags, define_flags


def test_shares_are_numbers():
    assert ExplainConfig(deletion_shares=("0.1", "0.25")).shares == (0.1, 0.25)


@pytest.mark.parametrize("shares", [(), ("0",), ("1",), ("a",), ("0.1", "1.5")])
def test_shares_that_remove_nothing_or_all_are_refused(shares):
    with pytest.raises(ConfigError, match="Expected deletion_shares between 0 and 1"):
        ExplainConfig(deletion_shares=shares)


def test_counts_below_one_are_refused():
    with pytest.raises(ConfigError, match="Expected gallery_cells of 1 or more; got 0"):
        ExplainConfig(gallery_cells=0)


def test_attention_is_over_bags_or_sets():
    with pytest.raises(ConfigError, match="bag or sets; got 'wells'"):
        ExplainConfig(attention_over="wells")


def test_every_field_is_a_flag():
    values = flags.FlagValues()
    define_flags(ExplainConfig, values)
    values(["explain", "--deletion_shares=0.3", "--map_fields=2"])

    assert config_from_flags(ExplainConfig, values) == ExplainConfig(
        deletion_shares=("0.3",), map_fields=2
    )
