import dataclasses

import pytest

from cellscreen.cells.segment_config import SegmentConfig
from cellscreen.errors import ConfigError
from cellscreen.records.record_config import (
    CropConfig,
    RecordConfig,
    flow_source,
    read_record_config,
    what_it_makes,
    write_record_config,
)

USUAL = RecordConfig(segment=SegmentConfig(nuclei_channel="DNA"))


def test_a_config_is_read_as_it_was_written(tmp_path):
    config = RecordConfig(
        segment=SegmentConfig(diameter_um=12.0, border="drop"),
        crops=CropConfig(crop_size=64, crop_border="exclude"),
        feature_groups=("shape",),
        median_of=("#1", "#2"),
        flows="from_labels",
    )
    write_record_config(config, tmp_path, "bags")
    assert read_record_config(tmp_path, "bags", USUAL) == config
    assert read_record_config(tmp_path, "cells", USUAL) is USUAL


def test_a_file_by_hand_changes_what_it_names(tmp_path):
    (tmp_path / "bags.json").write_text('{"crops": {"crop_size": 48}, "max_failed": 0.1}')
    config = read_record_config(tmp_path, "bags", USUAL)
    assert config.segment == USUAL.segment
    assert (config.crops.crop_size, config.max_failed) == (48, 0.1)


@pytest.mark.parametrize("text", ["{", "[]", '{"crop": 1}', '{"crops": {"side": 3}}'])
def test_a_file_that_holds_no_config_is_an_error(tmp_path, text):
    (tmp_path / "bags.json").write_text(text)
    with pytest.raises(ConfigError, match=r"JSON of a config of bags records.*bags\.json"):
        read_record_config(tmp_path, "bags", USUAL)


def test_values_that_cannot_work_are_told():
    with pytest.raises(ConfigError, match="crop_size of 2 to 1024 px; got 1"):
        CropConfig(crop_size=1)
    with pytest.raises(ConfigError, match="max_failed of 0 to below 1; got 1"):
        RecordConfig(max_failed=1)
    with pytest.raises(ConfigError, match="flows of method or from_labels; got 'cellpose'"):
        RecordConfig(flows="cellpose")
    with pytest.raises(ConfigError, match=r"groups of shape.*got colour"):
        RecordConfig(feature_groups=("colour",))


def test_where_flows_come_from_is_said_only_where_it_is_not_the_method():
    assert "flows" not in what_it_makes(USUAL)  # nor in that of plates prepared before
    other = dataclasses.replace(USUAL, flows="from_labels")
    assert '"flows": "from_labels"' in what_it_makes(other)
    cellpose = SegmentConfig(method="cellpose", weights="cyto3")
    sources = [USUAL, RecordConfig(segment=cellpose), other]
    assert [flow_source(config) for config in sources] == [
        "none",
        "Cellpose's",
        "from labels, not Cellpose's",
    ]


def test_how_much_may_fail_does_not_change_what_is_made():
    assert what_it_makes(USUAL) == what_it_makes(dataclasses.replace(USUAL, max_failed=0.5))
    other = dataclasses.replace(USUAL, crops=CropConfig(crop_size=48))
    assert what_it_makes(USUAL) != what_it_makes(other)
