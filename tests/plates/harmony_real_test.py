"""Three real exports of the Opera Phenix against the standard converter's load_data tables."""

import json
import os
import re
import zipfile
from pathlib import Path

import pandas as pd
import pytest

from cellscreen.plates.harmony import read_harmony
from cellscreen.plates.listed_files import ABSENT

DATA = Path(os.environ.get("CELLSCREEN_DATA", Path(__file__).parents[3] / "shared" / "data"))
PLATES = {1: "BR00121482", 5: "BR00122249", 7: "240624_WES_Perturbs_n_densities_1.1"}
OF_IMAGES = {
    "position_z_um": ("PositionZ", 1e6),
    "exposure_s": ("ExposureTime", 1),
    "pixel_size_um": ("ImageResolutionX", 1e6),
    "position_x_um": ("PositionX", 1e6),
    "position_y_um": ("PositionY", 1e6),
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    archive = DATA / "jump_phenix.zip"
    if not archive.is_file():
        pytest.skip(f"needs jump_phenix.zip in {DATA}")
    folder = tmp_path_factory.mktemp("phenix")
    zipfile.ZipFile(archive).extractall(folder)
    return folder / "jump_phenix"


@pytest.fixture(params=PLATES)
def version(request):
    return request.param


@pytest.fixture
def table(folder, version):
    yaml = pytest.importorskip("yaml")
    config = folder / f"Version{version}" / f"config_v{version}.yml"
    channels = yaml.safe_load(config.read_text(encoding="utf-8"))
    return read_harmony(folder / f"Version{version}" / "images", channels)


def _expected(folder, version):
    """The converter's table, a row an image."""
    wide = pd.read_csv(folder / f"Version{version}" / f"load_data_version{version}.csv", dtype=str)
    for _, row in wide.iterrows():
        for name in row.index:
            found = re.fullmatch("FileName_Orig(.+)", name)
            if found:
                yield found[1], row


def _of_channel(row, name, channel):
    return row.get(f"Metadata_{name}_Orig{channel}", row.get(f"Metadata_{name}"))


def test_files_wells_sites_and_channels_agree(folder, version, table):
    expected = [
        (row["Metadata_Plate"], row["Metadata_Well"], row["Metadata_Site"], channel,
         row[f"FileName_Orig{channel}"])
        for channel, row in _expected(folder, version)
    ]  # fmt: skip
    names = ["Metadata_Plate", "Metadata_Well", "Metadata_Site", "channel"]
    files = table["path"].map(os.path.basename)
    found = list(table[names].assign(file=files).itertuples(index=False, name=None))
    assert sorted(found) == sorted(expected)
    assert {row[0] for row in found} == {PLATES[version]}


def test_what_the_microscope_measured_agrees(folder, version, table):
    images = table.set_index("channel")
    compared = 0
    for channel, row in _expected(folder, version):
        for column, (name, factor) in OF_IMAGES.items():
            expected = float(_of_channel(row, name, channel)) * factor
            assert images.at[channel, column] == pytest.approx(expected, abs=1e-9)
            compared += 1
        ceiling = min(int(_of_channel(row, "MaxIntensity", channel)), 65535)
        assert images.at[channel, "sensor_max"] == ceiling
    assert compared == 5 * len(table)


def test_planes_without_dna_or_images_are_read_as_what_they_are(table, version):
    assert ("DNA" in set(table["channel"])) == (version != 5)
    assert len(table) == (7 if version == 7 else 6)
    assert set(table["problem"]) == {ABSENT if version == 7 else ""}


def test_every_channel_has_its_own_profile(folder, version):
    table = read_harmony(folder / f"Version{version}")
    profiles = table["flatfield"].map(json.loads)
    assert [profile["ChannelName"] for profile in profiles] == table["channel"].tolist()
    shaped = [profile["Background"]["Profile"]["Type"] for profile in profiles]
    assert set(shaped) == {"Polynomial", "Identity"}
