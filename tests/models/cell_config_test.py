import dataclasses

import pytest
from absl import flags

from cellscreen.errors import ConfigError
from cellscreen.fitting.flags import config_from_flags, define_flags
from cellscreen.models.cell_config import CellNetConfig
from cellscreen.models.hybrids import IMAGE_METADATA_HYBRID, MASK_FLOW_HYBRID
from cellscreen.training.bags.config import BagsConfig
from cellscreen.training.edges.config import EdgesConfig


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"branches": ("masks",)}, r"branches to be one of mask, flow, intensity; got 'masks'"),
        ({"branches": ("mask", "mask")}, r"branches of different names; got mask, mask"),
        ({"table_features": ("Area", "Area")}, r"table_features of different names; got Area, "),
        ({"table_features": ("",)}, r"table_features of different names"),
        ({"branches": ()}, r"Expected branches or table_features; got neither"),
        ({"fusion": "sum"}, r"fusion to be one of concatenate, gate, film; got 'sum'"),
        ({"fusion": "film"}, r"Expected branches and table_features with fusion=film"),
        (
            {"fusion": "film", "branches": (), "table_features": ("Area",)},
            r"Expected branches and table_features with fusion=film.*--fusion=concatenate",
        ),
        ({"cell_backbone": "vgg"}, r"cell_backbone to be one of small, plain, efficientnet_b0"),
        ({"cell_backbone": "efficientnet_b0", "cell_width": 8}, r"Expected cell_width 0 with eff"),
        ({"cell_backbone": "plain", "cell_weights": "w.h5"}, r"Expected no cell_weights with"),
        ({"cell_norm": "none"}, r"cell_norm to be one of batch, group, layer, frozen"),
        ({"table_dropout": 1.0}, r"table_dropout within 0 and 0.9; got 1.0"),
        ({"projection_units": -1}, r"projection_units within 0 and 16384; got -1"),
        ({"plain_stages": 0}, r"plain_stages within 1 and 6; got 0"),
    ],
)
def test_impossible_fields_are_told(fields, message):
    with pytest.raises(ConfigError, match=message):
        CellNetConfig(**fields)


def test_columns_that_may_hold_the_answer_need_a_flag():
    columns = ("Cells_AreaShape_Area", "Metadata_Plate", "Metadata_Well")
    text = r"Metadata_Plate, Metadata_Well may hold the answer.*--leaky_features"
    with pytest.raises(ConfigError, match=text):
        CellNetConfig(table_features=columns)
    assert CellNetConfig(table_features=columns, leaky_features=True).table_features == columns


def test_the_published_nets_have_the_papers_parts():
    ours, theirs = MASK_FLOW_HYBRID, IMAGE_METADATA_HYBRID
    assert (ours.branches, ours.cell_backbone) == (("mask", "flow"), "efficientnet_b0")
    assert (ours.fusion, ours.table_units, ours.table_norm) == ("gate", 32, True)
    assert (theirs.branches, theirs.cell_backbone) == (("intensity",), "plain")
    assert theirs.fusion == "concatenate"
    assert theirs.table_features == (
        "Cells_AreaShape_Area",
        "Cells_AreaShape_BoundingBoxSum",
        "Cells_AreaShape_Eccentricity",
        "Cells_AreaShape_Solidity",
        "Cells_Intensity_MeanIntensity_median",
    )


def test_a_branch_of_a_published_net_is_switched_off_by_one_field():
    for config in (MASK_FLOW_HYBRID, IMAGE_METADATA_HYBRID):
        assert dataclasses.replace(config, table_features=()).branches == config.branches
        assert dataclasses.replace(config, branches=()).table_features == config.table_features


@pytest.mark.parametrize("other", [BagsConfig, EdgesConfig])
def test_flags_have_names_of_their_own(other):
    values = flags.FlagValues()
    define_flags(other, values)
    assert not {field.name for field in dataclasses.fields(CellNetConfig)} & set(values)


def test_flags_say_the_config():
    values = flags.FlagValues()
    define_flags(CellNetConfig, values)
    values(["train", "--branches=flow", "--table_features=a,b", "--fusion=film"])
    expected = CellNetConfig(branches=("flow",), table_features=("a", "b"), fusion="film")
    assert config_from_flags(CellNetConfig, values) == expected
