"""From the table that was read to one whose images compare."""

import logging

import numpy as np
import pandas as pd
import pytest
import tifffile

from cellscreen.errors import PlateTableError
from cellscreen.images.scale_file import read_scales
from cellscreen.images.source import read_source
from cellscreen.plates.columns import plate_table
from cellscreen.records import preparation as module
from cellscreen.records.fields import read_pixels
from cellscreen.records.preparation import Preparation, prepare_plate, prepare_plates

LIGHT = np.linspace(0.5, 1.5, 32)[None, :] * np.ones((32, 1))


@pytest.fixture
def table(tmp_path):
    """20 wells of 16-bit noise below a light that doubles and more from left to right."""
    generator = np.random.default_rng(0)
    rows = []
    for number in range(20):
        image = generator.uniform(900, 1100, (32, 32)) * LIGHT
        path = tmp_path / f"{number}.tif"
        tifffile.imwrite(path, image.astype(np.uint16))
        row = {"path": str(path), "Metadata_Plate": "P", "Metadata_Well": f"A{number + 1:02d}"}
        row |= {"Metadata_Site": "1", "channel": "DNA", "bit_depth": 16}
        rows.append(row | {"Metadata_control_type": "negcon" if number < 4 else "trt"})
    return plate_table(pd.DataFrame(rows))


def test_nothing_is_measured_where_nothing_is_wanted(table, tmp_path):
    prepared = prepare_plates(table, Preparation(), tmp_path / "out")
    assert prepared["path"].tolist() == table["path"].tolist()
    assert not (tmp_path / "out").exists()


def test_light_and_scale_are_kept_beside_the_plate_and_taken_up_again(table, tmp_path, monkeypatch):
    wanted = Preparation(flatfield="estimate", scale="negcon")
    prepared = prepare_plate(table, wanted, tmp_path / "out")
    assert np.ptp(np.mean(read_source(table.iloc[0]), axis=0)) > 800
    assert np.ptp(np.mean(read_source(prepared.iloc[0]), axis=0)) < 150
    (scale,) = read_scales(tmp_path / "out" / "plate_scale.csv")
    assert (scale.of, scale.images, scale.stretched) == ("negcon", 4, False)
    assert (prepared["low"] == scale.low).all()
    assert read_pixels(prepared.iloc[9].to_dict()).high == scale.high
    monkeypatch.setattr(module, "plate_scales", None)
    again = prepare_plate(table, wanted, tmp_path / "out")
    pd.testing.assert_frame_equal(again, prepared)
    monkeypatch.undo()
    other = prepare_plate(table, Preparation(scale="plate"), tmp_path / "out")
    assert "illumination" not in other


def test_stretched_images_are_said_though_their_light_is_divided_out(table, tmp_path, caplog):
    for number, path in enumerate(table["path"]):
        image = np.full((32, 32), 9 + number, np.uint8)
        image[number % 32, :5], image[3, number] = 0, 255
        image[20:30, 10:30] = np.random.default_rng(number).integers(20, 250, (10, 20))
        tifffile.imwrite(path, image)
    wanted = Preparation(flatfield="estimate", scale="plate")
    with caplog.at_level(logging.WARNING):
        prepare_plate(table.assign(bit_depth=pd.NA), wanted, tmp_path / "out")
    assert read_scales(tmp_path / "out" / "plate_scale.csv")[0].stretched
    assert "Plate P, channel DNA: 20 of 20 images reach from exactly 0 to" in caplog.text


def test_sixteen_bits_need_no_bit_depth_with_a_scale_of_the_plate(table, tmp_path):
    table = table.assign(bit_depth=pd.array([pd.NA] * len(table), "Int64"))
    prepared = prepare_plate(table, Preparation(scale="plate"), tmp_path / "out")
    pixels = read_pixels(prepared.iloc[0].to_dict())
    assert 0 < pixels.low < pixels.high < 65535


def test_the_exports_light_counts_unless_none_is_wanted(table, tmp_path):
    np.save(tmp_path / "light.npy", LIGHT)
    stated = table.assign(illumination=str(tmp_path / "light.npy"))
    kept = prepare_plates(stated, Preparation(), tmp_path)
    assert np.ptp(np.mean(read_source(kept.iloc[0]), axis=0)) < 150
    assert "illumination" not in prepare_plates(stated, Preparation(flatfield="none"), tmp_path)


def test_a_plate_of_which_nothing_can_be_used_is_an_error(table, tmp_path):
    gone = table.assign(Metadata_Plate="Q", problem="the file is absent")
    both = pd.concat([table.assign(problem=""), gone], ignore_index=True)
    told = r"No image of this plate can be used: the file is absent\. \[plate Q\] Copy its images"
    with pytest.raises(PlateTableError, match=told):
        prepare_plates(both, Preparation(scale="plate"), tmp_path / "out")
