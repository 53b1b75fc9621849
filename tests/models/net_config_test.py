import dataclasses
import math

import pytest

from cellscreen.errors import ConfigError
from cellscreen.models.net_config import NetConfig


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        (
            "net",
            "resnet",
            "Expected net to be one of plain, dense, cbam, dense_attention; got 'res",
        ),
        ("global_pooling", "mean", "Expected global_pooling to be one of average, max; got 'mean'"),
        ("stem_width", 0, "Expected stem_width within 1 and 1024; got 0"),
        ("stem_stride", 3, "Expected stem_stride within 1 and 2; got 3"),
        ("growth", -4, "Expected growth within 1 and 1024; got -4"),
        ("dense_units", 0, "Expected dense_units within 1 and 4096; got 0"),
        ("reduction", 0, "Expected reduction within 1 and 1024; got 0"),
        ("dropout", 1.0, "Expected dropout within 0 and 0.9; got 1.0"),
        ("dropout", math.nan, "Expected dropout within 0 and 0.9; got nan"),
        ("bn_momentum", 1.0, "Expected bn_momentum within 0 and 0.999; got 1.0"),
    ],
)
def test_out_of_bounds(field, value, message):
    with pytest.raises(ConfigError, match=message):
        NetConfig(**{field: value})


def test_every_field_has_a_bound_that_its_default_keeps():
    fields = {field.name for field in dataclasses.fields(NetConfig)}
    refused = set()
    for name in fields:
        with pytest.raises(ConfigError, match=f"Expected {name} "):
            NetConfig(**{name: "odd" if name in ("net", "global_pooling") else -1})
        refused.add(name)
    assert refused == fields
