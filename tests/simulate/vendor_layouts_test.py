"""Every reader gives the same plate table of the same simulated plates, whatever the layout."""

import dataclasses
import json
import logging

import numpy as np
import pandas as pd
import pytest
import tifffile

from cellscreen.errors import ConfigError
from cellscreen.plates import columns
from cellscreen.plates.read_options import ReadOptions
from cellscreen.plates.table import read_with_layout
from cellscreen.simulate.hcs_config import CELL_PAINTING, CONFIGS, HcsConfig
from cellscreen.simulate.hcs_plate import hcs_fields
from cellscreen.simulate.hcs_render import render_hcs_field, vignette
from cellscreen.simulate.hcs_writing import simulate_plates
from cellscreen.simulate.vendor_layouts import LAYOUTS, channel_names

CONFIG = HcsConfig(
    compounds=1,
    doses=1,
    replicates=1,
    control_wells=1,
    poscon_wells=1,
    plates=2,
    sites=2,
    size_px=32,
)
FIELDS = list(hcs_fields(CONFIG))
SIGNS = {
    "harmony": "Harmony's ",
    "harmony_v1": "Harmony's ",
    "harmony_v7": "Harmony's ",
    "cpjump1": "load_data_csv/",
    "imagexpress": "ImageXpress names like ",
    "yokogawa": "Yokogawa's ",
    "incucyte": "Incucyte names like ",
    "ome_zarr": "the OME-Zarr plate ",
    "load_data": "load_data",
    "deepprofiler": "inputs/metadata/index.csv",
    "template": "{plate}/{well}_{site}_{channel}.tif",
    "images_csv": "images.csv",
}


@pytest.fixture(scope="module", params=list(LAYOUTS))
def plates(request, tmp_path_factory):
    """A layout, its folder, and what its reader made of it."""
    folder = tmp_path_factory.mktemp(request.param)
    simulate_plates(CONFIG, folder, request.param, workers=1)
    return request.param, folder, *read_with_layout(folder, _options(request.param))


def _options(layout):
    if layout == "template":
        return ReadOptions(template=SIGNS[layout])
    names = channel_names(CONFIG, layout)
    return ReadOptions(channels=tuple(f"{old}={new}" for old, new in names.items()))


def _expected():
    rows = [
        (field.well.plate, field.well.well, str(field.site), "", "", channel.name)
        for field in FIELDS
        for channel in CONFIG.assay.channels
    ]
    return pd.DataFrame(rows, columns=columns.PLANE)


def test_a_layout_is_recognised_and_read_to_the_same_planes(plates):
    layout, _, table, sign = plates
    assert sign.startswith(SIGNS[layout])
    planes = table[list(columns.PLANE)].sort_values(list(columns.PLANE), ignore_index=True)
    expected = _expected().sort_values(list(columns.PLANE), ignore_index=True)
    pd.testing.assert_frame_equal(planes, expected, check_dtype=False)


def test_every_path_leads_to_the_pixels_of_its_field(plates):
    layout, folder, table, _ = plates
    field = FIELDS[5]
    drawn = render_hcs_field(CONFIG, field)
    keys = {"Metadata_Plate": field.well.plate, "Metadata_Well": field.well.well}
    rows = table[np.all([table[name] == value for name, value in keys.items()], axis=0)]
    rows = rows[rows["Metadata_Site"] == str(field.site)].set_index("channel")
    for number, channel in enumerate(CONFIG.assay.channels):
        row = rows.loc[channel.name]
        if layout == "ome_zarr":
            assert row["path"] == str(folder / f"{LAYOUTS[layout].path(CONFIG, field, 0)}"[:-6])
            assert row["page"] == number
            zarr = pytest.importorskip("zarr")
            pixels = zarr.open_array(row["path"], mode="r")[number]
        else:
            pixels = tifffile.imread(row["path"])
        np.testing.assert_array_equal(pixels, drawn[number])


def test_what_an_index_says_of_the_microscope_is_true(plates):
    layout, _, table, _ = plates
    if layout.startswith("harmony"):
        assert set(table["sensor_max"]) == {65535}
        assert set(table.loc[table["channel"] == "MMP", "exposure_s"]) == {0.06}
        terms = json.loads(table["flatfield"].iloc[0])["Background"]["Profile"]
        span = (np.arange(32) - terms["Origin"][0]) * terms["Scale"][0]
        (constant,), (x, y), (xx, _, yy) = terms["Coefficients"]
        profile = constant + x * span + xx * span**2 + (y * span + yy * span**2)[:, None]
        np.testing.assert_allclose(profile, vignette(CONFIG, 0), rtol=1e-5)
    if layout.startswith(("harmony", "yokogawa", "ome_zarr")):
        assert table["pixel_size_um"].unique() == pytest.approx([0.598])
    if layout.startswith(("harmony", "yokogawa")):
        assert sorted(table["position_x_um"].unique()) == pytest.approx([-9.568, 9.568])


def test_illumination_functions_are_the_true_ones(plates):
    layout, _, table, _ = plates
    if layout in ("load_data", "cpjump1"):
        row = table[table["channel"] == "MMP"].iloc[0]
        np.testing.assert_array_equal(np.load(row["illumination"]), vignette(CONFIG, 1))


def test_tables_of_images_say_that_they_are_simulated(plates):
    layout, _, table, _ = plates
    assert table["Metadata_Plate"].str.startswith("SIM-").all()
    if layout in ("images_csv", "load_data", "cpjump1", "deepprofiler"):
        assert table["Metadata_simulated"].all()
        assert set(table["bit_depth"]) == {16}
        assert set(table["Metadata_control_type"]) == {"negcon", "poscon", "trt"}


def test_no_layout_but_its_own_is_seen(tmp_path, caplog):
    for layout in ("harmony", "yokogawa", "imagexpress", "load_data", "images_csv"):
        simulate_plates(_one_well(), tmp_path / layout, layout, workers=1)
        with caplog.at_level(logging.WARNING):
            read_with_layout(tmp_path / layout)
    assert "not looked at" not in caplog.text


def test_one_site_loses_its_place_in_imagexpress_names(tmp_path):
    simulate_plates(_one_well(), tmp_path, "imagexpress", workers=1)
    names = {path.name for path in tmp_path.rglob("*.tif")}
    assert not any("_s1" in name for name in names)
    table, _ = read_with_layout(tmp_path)
    assert set(table["Metadata_Site"]) == {"1"}
    assert set(table["channel"]) == {"DNA", "MMP", "ROS"}


def test_a_layout_without_a_channels_colour_is_refused(tmp_path):
    config = dataclasses.replace(CONFIGS[CELL_PAINTING], compounds=1, size_px=32)
    with pytest.raises(ConfigError, match="different colours for the layout incucyte"):
        simulate_plates(config, tmp_path, "incucyte")
    assert not any(tmp_path.iterdir())


def _one_well():
    return dataclasses.replace(
        CONFIG, compounds=1, control_wells=1, poscon_wells=0, plates=1, sites=1
    )
