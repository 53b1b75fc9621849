import json

import pytest

from cellscreen.errors import ConfigError
from cellscreen.fitting.flags import config_to_json
from cellscreen.training.configs import read_config
from cellscreen.training.edges.config import DataConfig, EdgesConfig


@pytest.fixture
def config_json(tmp_path):
    """The config of a run as JSON, to be changed and put into its folder."""
    said = json.loads(config_to_json(EdgesConfig(DataConfig(data_dir="d"))))
    return said, lambda: (tmp_path / "config.json").write_text(json.dumps(said))


def test_a_run_from_before_a_field_was_is_read(config_json, tmp_path):
    said, write = config_json
    said["data"].pop("labels_by")
    said["fit"]["epochs"] = 3
    said.pop("loss_config")
    write()
    config = read_config(tmp_path)
    assert (config.fit.epochs, config.data.labels_by) == (3, "")
    assert config.loss_config == EdgesConfig(DataConfig(data_dir="d")).loss_config


def test_a_run_of_a_later_version_is_refused_by_name(config_json, tmp_path):
    said, write = config_json
    said["fit"]["lookahead"] = 5
    write()
    with pytest.raises(
        ConfigError, match=r"another version of cellscreen: lookahead is no field.*config\.json"
    ):
        read_config(tmp_path)
