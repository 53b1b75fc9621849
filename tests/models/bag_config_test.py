import dataclasses
import math

import pytest

from cellscreen.errors import ConfigError
from cellscreen.models.bag_config import BagNetConfig
from cellscreen.models.net_config import NetConfig

WORDS = {"encoder": "vgg", "norm": "instance", "weights_input": "bgr", "set_head": "max"}
FREE = {"encoder_weights", "norm_first"}  # a path and a switch have no bound


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("encoder", "vgg", "Expected encoder to be one of small, resnet18, resnet50, eff.*'vgg'"),
        ("norm", "none", "Expected norm to be one of batch, group, layer, frozen; got 'none'"),
        ("set_head", "max", "Expected set_head to be one of transformer, mean, gated_att.*'max'"),
        ("weights_input", "bgr", "Expected weights_input to be one of same, rgb; got 'bgr'"),
        ("heads", 0, "Expected heads within 1 and 64; got 0"),
        ("depth", 0, "Expected depth within 1 and 48; got 0"),
        ("set_dropout", 1.0, "Expected set_dropout within 0 and 0.9; got 1.0"),
        ("norm_momentum", math.nan, "Expected norm_momentum within 0 and 0.999; got nan"),
    ],
)
def test_out_of_bounds(field, value, message):
    with pytest.raises(ConfigError, match=message):
        BagNetConfig(**{field: value})


def test_every_field_has_a_bound_that_its_default_keeps():
    fields = {field.name for field in dataclasses.fields(BagNetConfig)} - FREE
    for name in fields:
        with pytest.raises(ConfigError, match=f"Expected {name} "):
            BagNetConfig(**{name: WORDS.get(name, -1)})


def test_no_field_has_the_name_of_an_edge_nets():
    both = [{field.name for field in dataclasses.fields(c)} for c in (BagNetConfig, NetConfig)]
    assert not both[0] & both[1]


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        (
            {"embedding_units": 130},
            "Expected embedding_units that 4 heads can share; got 130",
        ),
        (
            {"encoder": "resnet50", "encoder_width": 32},
            "Expected encoder_width 0 with resnet50, whose widths are fixed; got 32",
        ),
        ({"weights_input": "rgb"}, "Expected encoder_weights, a file, beside weights_input=rgb"),
    ],
)
def test_fields_that_contradict_each_other(fields, message):
    with pytest.raises(ConfigError, match=message):
        BagNetConfig(**fields)


def test_heads_share_nothing_where_there_are_none():
    assert BagNetConfig(set_head="mean", embedding_units=130).embedding_units == 130
