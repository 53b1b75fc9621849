import hashlib

import cv2
import numpy as np
import pytest
import tifffile

from cellscreen.errors import ImageError
from cellscreen.images.edges import edge_map
from cellscreen.records.edges import edges_example
from cellscreen.records.fields import read_field, read_pixels

GRAY12 = np.random.default_rng(0).integers(0, 4096, (37, 29)).astype(np.uint16)


@pytest.fixture
def row(tmp_path):
    path = tmp_path / "A01_1.png"
    cv2.imwrite(str(path), GRAY12)
    key = {"Plate": "P", "Well": "A01", "Site": "1", "Plane": "", "Timepoint": ""}
    metadata = {f"Metadata_{name}": value for name, value in key.items()}
    return {"path": str(path), "channel": "", "bit_depth": 12, **metadata}


def test_a_field_has_the_edges_of_its_scaled_pixels_and_the_checksum_of_its_file(row):
    field = read_field(row)
    by_hand = ((GRAY12.astype(int) * 510 + 4095) // (2 * 4095)).astype(np.uint8)
    np.testing.assert_array_equal(field.edge_map, edge_map(by_hand))
    with open(row["path"], "rb") as file:
        assert field.sha256 == hashlib.sha256(file.read()).hexdigest()
    assert (field.bit_depth, field.low, field.high) == (12, 0, 4095)


def test_an_example_counts_its_edges(row):
    example = edges_example(read_field(row))
    edges = np.unpackbits(np.frombuffer(example["edges"], np.uint8).reshape(37, 4), axis=1)
    assert edges.sum() > 0
    assert example["edge_density"] == edges.sum() / GRAY12.size
    assert (example["height"], example["width"]) == GRAY12.shape


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"path": "nowhere.png"}, "there is no such file.*nowhere.png"),
        ({"bit_depth": None}, "16-bit file without bit_depth"),
        ({"bit_depth": 8}, r"values up to 255 \(bit_depth 8\)"),
    ],
)
def test_what_cannot_be_read_is_told_with_plate_and_well(row, changed, message):
    for read in (read_pixels, read_field):
        with pytest.raises(ImageError, match=f"{message}.*plate P, well A01"):
            read(row | changed)


def test_light_may_lift_bright_corners_above_the_bit_depth(tmp_path):
    tifffile.imwrite(tmp_path / "a.tif", np.full((4, 4), 4000, np.uint16))
    np.save(tmp_path / "light.npy", np.full((4, 4), 0.5, np.float32))
    row = {
        "path": str(tmp_path / "a.tif"),
        "illumination": str(tmp_path / "light.npy"),
        "bit_depth": 12,
        "Metadata_Plate": "P",
        "Metadata_Well": "A01",
    }
    pixels = read_pixels(row)
    assert (pixels.image == 8000).all()
    assert (pixels.gray8() == 255).all()
