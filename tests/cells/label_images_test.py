"""Existing label images: what is read, and what is told."""

import cv2
import numpy as np
import pytest
import tifffile

from cellscreen.cells.label_images import label_path, read_labels
from cellscreen.cells.place import Place
from cellscreen.errors import ConfigError, ImageError

LABELS = np.array([[0, 1, 1], [0, 0, 300]])
PLACE = Place("P1", "A01", "2")


@pytest.mark.parametrize("dtype", ["uint16", "uint32", "int32", "int16"])
def test_tiff_of_any_whole_numbers(tmp_path, dtype):
    path = tmp_path / "a.tif"
    tifffile.imwrite(path, LABELS.astype(dtype))
    assert np.array_equal(read_labels(path, (2, 3)), LABELS)


def test_png_of_16_bits(tmp_path):
    cv2.imwrite(str(tmp_path / "a.png"), LABELS.astype(np.uint16))
    assert np.array_equal(read_labels(tmp_path / "a.png", (2, 3)), LABELS)


def test_numbers_above_65535(tmp_path):
    tifffile.imwrite(tmp_path / "a.tif", np.array([[0, 70_000]], np.uint32))
    assert read_labels(tmp_path / "a.tif", (1, 2)).tolist() == [[0, 70_000]]


def test_another_size_than_the_field_is_told(tmp_path):
    tifffile.imwrite(tmp_path / "a.tif", LABELS.astype(np.uint16))
    text = r"Expected labels of 6×4 pixels, as the field; got 3×2\. \[file .*a.tif, plate P1, well"
    with pytest.raises(ImageError, match=text):
        read_labels(tmp_path / "a.tif", (4, 6), PLACE)


def test_a_missing_file_is_told(tmp_path):
    with pytest.raises(ImageError, match=r"label image is missing\. \[file .*, plate P1, well A01"):
        read_labels(tmp_path / "a.tif", (2, 3), PLACE)


@pytest.mark.parametrize(
    ("name", "pixels", "text"),
    [
        ("a.tif", LABELS.astype(np.float32), "whole numbers as labels; the TIFF holds float32"),
        ("a.tif", np.zeros((2, 3, 3), np.uint8), "Expected a gray label image; it is in colours"),
        (
            "a.tif",
            np.array([[0, 1, 1], [-4, 0, 1]], np.int32),
            "Expected numbers of 0 and more; got -4",
        ),
        ("a.jpg", np.zeros((2, 3), np.uint8), "Expected TIFF or PNG: JPEG changes numbers"),
    ],
)
def test_what_are_no_labels_is_told(tmp_path, name, pixels, text):
    path = tmp_path / name
    if path.suffix == ".tif":
        tifffile.imwrite(path, pixels)
    else:
        cv2.imwrite(str(path), pixels)
    with pytest.raises(ImageError, match=text):
        read_labels(path, (2, 3))


def test_several_pages_are_told(tmp_path):
    tifffile.imwrite(tmp_path / "a.tif", np.zeros((2, 5, 6), np.int32), photometric="minisblack")
    with pytest.raises(ImageError, match="Expected one label image; got 2 pages"):
        read_labels(tmp_path / "a.tif", (5, 6))


def test_a_cut_file_is_told(tmp_path):
    path = tmp_path / "a.tif"
    tifffile.imwrite(path, np.zeros((200, 300), np.uint32))
    path.write_bytes(path.read_bytes()[:1000])
    with pytest.raises(ImageError, match=r"a\.tif"):
        read_labels(path, (200, 300))


def test_templates_name_plate_well_and_site():
    path = label_path("a/{plate}/{well}_{site}.tif", PLACE)
    assert path.parts[-2:] == ("P1", "A01_2.tif")
    with pytest.raises(ConfigError, match=r"got \{row\}\."):
        label_path("{row}.tif", PLACE)
    with pytest.raises(ConfigError, match=r"got \{site\}, which this field does not have"):
        label_path("{well}_{site}.tif", Place("P1", "A01"))
