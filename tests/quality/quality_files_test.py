"""A plate with planted defects, from images to flags, files and pictures."""

import cv2
import numpy as np
import pandas as pd
import pytest

from cellscreen.errors import PlateTableError
from cellscreen.images.reading import read_image
from cellscreen.plates.columns import plate_table
from cellscreen.quality.inventory import take_inventory
from cellscreen.quality.inventory_text import describe
from cellscreen.quality.quality_files import QUALITY, read_quality, write_quality, write_tables
from cellscreen.quality.well_quality import channel_summary, suspicious_wells, well_medians

WELLS = [f"{row}{column:02d}" for row in "ABCD" for column in range(1, 7)]


def _cells(generator):
    image = np.full((96, 96), 20.0)
    for x in range(12, 96, 18):
        for y in range(12, 96, 18):
            centre = int(x + generator.integers(-3, 4)), int(y + generator.integers(-3, 4))
            cv2.circle(image, centre, 5, float(generator.integers(100, 140)), -1)
    return cv2.GaussianBlur(image, (0, 0), 0.8) + generator.normal(0, 1.5, image.shape)


@pytest.fixture(scope="module")
def plate(tmp_path_factory):
    """24 wells of simulated discs; A02 blurred, B03 empty, C04 saturated, D05 cut off."""
    folder = tmp_path_factory.mktemp("plate")
    generator = np.random.default_rng(0)
    spoilt = {
        "A02": lambda image: cv2.GaussianBlur(image, (0, 0), 4),
        "B03": lambda image: generator.normal(20, 1.5, image.shape),
        "C04": lambda image: image * 3,
    }
    rows = []
    for well in WELLS:
        image = spoilt.get(well, lambda image: image)(_cells(generator))
        path = folder / f"{well}.png"
        cv2.imwrite(str(path), np.clip(image, 0, 255).round().astype(np.uint8))
        rows.append({"path": str(path), "Metadata_Plate": "P 1", "channel": "DNA"})
        rows[-1] |= {"Metadata_Well": well, "Metadata_Site": "1", "Metadata_simulated": True}
    (folder / "D05.png").write_bytes(b"")
    return plate_table(pd.DataFrame(rows))


@pytest.fixture(scope="module")
def inventory(plate):
    return take_inventory(plate, deep=True)


def test_planted_defects_are_flagged_and_nothing_else(inventory):
    wells = suspicious_wells(inventory.quality)
    flags = dict(zip(wells["Metadata_Well"], wells["flags"], strict=True))
    assert flags == {
        "A02": "out_of_plane 1 (DNA)",
        "B03": "empty 1 (DNA)",
        "C04": "background 1 (DNA), saturated 1 (DNA)",
        "D05": "unreadable 1 (DNA)",
    }
    assert wells["Metadata_Plate"].unique().tolist() == ["P 1"]
    assert wells["reasons"][1] == "site 1 DNA: nothing stands out of the noise."


def test_every_image_keeps_its_row(inventory, plate):
    assert inventory.quality["Metadata_Well"].tolist() == WELLS
    assert inventory.quality["key"][0] == "P 1/A01/1"
    assert inventory.wells.loc[("P 1", "D05")].tolist() == [0, 1, 0, 1]
    summary = channel_summary(inventory.quality)
    assert summary[["images", "flagged"]].to_numpy().tolist() == [[24, 4]]
    medians = well_medians(inventory.quality)
    assert medians.loc[("P 1", "DNA", "A01"), "cells"] == 25
    assert medians["flagged"].sum() == 4


def test_text_tells_quality_and_draws_the_plate(inventory, tmp_path):
    text = describe(inventory, tmp_path, "x")
    assert "Suspicious wells (4), flagged and kept" in text
    assert "  P 1 A02: 1 of 1 images: out_of_plane 1 (DNA)" in text
    assert "  D  ....X." in text
    assert "all of them simulated" in text


def test_files(inventory, plate, tmp_path):
    write_tables(plate, inventory.wells, None, tmp_path)
    write_quality(plate, inventory.quality, tmp_path)
    assert sorted(path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*.*")) == [
        "heat_maps/P-1_DNA.png",
        "plate_table.parquet",
        "position_effects.csv",
        "quality.csv",
        "suspicious_wells.csv",
        "thumbnails/P-1.png",
        "wells.csv",
    ]
    assert pd.read_csv(tmp_path / "wells.csv")["lacking"].sum() == 1
    read = read_quality(tmp_path / QUALITY)
    assert read["flags"].tolist() == inventory.quality["flags"].tolist()
    assert read["empty"].sum() == 1
    assert read["Metadata_simulated"].unique().tolist() == ["True"]
    assert np.isnan(read.loc[read["Metadata_Well"] == "D05", "cells"]).all()
    np.testing.assert_allclose(read["focus_slope"], inventory.quality["focus_slope"], rtol=1e-5)
    for picture in ("heat_maps/P-1_DNA.png", "thumbnails/P-1.png"):
        image = read_image(tmp_path / picture)
        assert image.std() > 10
    # A row for the usual field and each of the four suspicious wells.
    assert image.shape[0] > 5 * 192


def test_plate_of_which_nothing_can_be_used_is_told_and_written(plate, tmp_path):
    inventory = take_inventory(plate.assign(problem="focus failed"), deep=True)
    assert not inventory.is_usable
    assert (inventory.quality["flags"] == "unreadable").all()
    write_quality(plate, inventory.quality, tmp_path)
    text = describe(inventory, tmp_path, "x")
    assert "undefined" in text
    assert "  A  XXXXXX" in text


def test_broken_quality_table_is_refused(tmp_path, inventory):
    path = tmp_path / "quality.csv"
    with pytest.raises(PlateTableError, match="cannot be read"):
        read_quality(path)
    inventory.quality.drop(columns="debris").to_csv(path)
    with pytest.raises(PlateTableError, match=r"debris is missing.*--deep --output"):
        read_quality(path)
    inventory.quality.assign(flags="odd;empty").to_csv(path)
    with pytest.raises(PlateTableError, match=r"Expected the flags unreadable, empty.*; got odd"):
        read_quality(path)
