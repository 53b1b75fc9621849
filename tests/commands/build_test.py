import json

import pandas as pd
import pytest

from cellscreen import commands
from cellscreen.cells.segment_config import SegmentConfig
from cellscreen.commands import build
from cellscreen.commands.record_flags import record_config
from cellscreen.records.build import usual_config
from cellscreen.records.record_config import CropConfig, RecordConfig
from cellscreen.simulate.hcs_config import HcsConfig
from cellscreen.simulate.hcs_writing import simulate_plates

CONFIG = HcsConfig(
    compounds=2, doses=1, replicates=1, plate_wells=96, control_wells=1, poscon_wells=1,
    size_px=160, rendered_fields=1, unfocused=0.0,
)  # fmt: skip


@pytest.fixture(scope="module")
def images(tmp_path_factory):
    folder = tmp_path_factory.mktemp("plate")
    simulate_plates(CONFIG, folder, "images_csv", workers=1)
    return folder


def flags_of(*words):
    for flag in build.FLAGS:
        build.FLAGS[flag].unparse()
    build.FLAGS(["build", "--images=i", "--data_dir=d", *words])
    return build.FLAGS


def test_bags_are_built_and_verified_by_two_commands(images, tmp_path, capsys):
    words = ["build", f"--images={images}", "--kind=bags", f"--data_dir={tmp_path}"]
    given = ["--nuclei_channel=DNA", "--crop_size=32", "--diameter_um=12"]
    assert commands.main([*words, *given, "--diameter_px=20"]) == 2
    assert "Expected diameter_px or diameter_um; got both" in capsys.readouterr().err
    given[2] = "--diameter_px=20"
    assert commands.main([*words, *given]) == 0
    assert "12 images of 1 plate" in capsys.readouterr().out
    assert commands.main(["verify", f"--data_dir={tmp_path}"]) == 0
    plate = pd.read_csv(images / "images.csv")["plate"].iloc[0]
    said = json.loads((tmp_path / plate / "hcs/bags/1.0.0/metadata.json").read_text())
    assert json.loads(said["record_config"])["segment"]["diameter_px"] == 20.0
    assert said["diameter_px"] == 20.0
    assert json.loads(said["record_config"])["crops"]["crop_size"] == 32


def test_without_flags_the_dataset_says_how():
    assert record_config(flags_of(), usual_config("hcs", "bags")) is None


def test_flags_change_what_they_name_and_no_more():
    flags = flags_of("--cells_channel=RNA", "--feature_groups=shape,levels", "--mask_neighbours")
    config = record_config(flags, usual_config("cpjump1", "cells"))
    assert config.segment == SegmentConfig(nuclei_channel="DNA", cells_channel="RNA")
    assert config.crops == CropConfig(mask_neighbours=True)
    assert config.feature_groups == ("shape", "levels")


def test_a_diameter_in_pixels_stands_for_the_datasets_in_micrometres():
    usual = usual_config("hypoxia", "cells")
    assert (usual.segment.method, usual.segment.diameter_um) == ("phase", 30.0)
    config = record_config(flags_of("--diameter_px=40"), usual)
    assert (config.segment.diameter_px, config.segment.diameter_um) == (40.0, None)


def test_every_field_of_the_config_has_a_flag_with_words():
    flags = flags_of()
    names = [*SegmentConfig.__dataclass_fields__, *CropConfig.__dataclass_fields__]
    names += [n for n in RecordConfig.__dataclass_fields__ if n not in ("segment", "crops")]
    assert [name for name in names if name not in flags] == []
    assert all(len(flags[name].help) > 10 for name in names)
