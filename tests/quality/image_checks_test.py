"""Images that cannot be read, or do not go together."""

import struct
import zlib

import cv2
import numpy as np
import pandas as pd
import pytest

from cellscreen.plates.columns import plate_table
from cellscreen.quality.image_checks import (
    check_headers,
    read_headers,
    unlisted_images,
)
from cellscreen.quality.pixel_checks import check_pixels

RAMP = np.arange(48, dtype=np.uint8).reshape(6, 8)


@pytest.fixture
def table_of(tmp_path):
    """Writes arrays (as PNG) or bytes to files, a well each; returns their plate table."""

    def make(*contents, bit_depth=None, channels="", plates="P"):
        rows = []
        for number, content in enumerate(contents):
            path = tmp_path / f"{number}.png"
            if isinstance(content, np.ndarray):
                cv2.imwrite(str(path), content)
            elif content is not None:
                path.write_bytes(content)
            rows.append(
                {
                    "path": str(path),
                    "Metadata_Plate": plates[number % len(plates)],
                    "Metadata_Well": f"A{number + 1:02d}",
                    "Metadata_Site": "1",
                    "channel": channels and channels[number % len(channels)],
                    "bit_depth": bit_depth,
                }
            )
        return plate_table(pd.DataFrame(rows))

    return make


def _png_header(width, height):
    data = b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    chunk = struct.pack(">I", 13) + data + struct.pack(">I", zlib.crc32(data))
    return b"\x89PNG\r\n\x1a\n" + chunk


@pytest.mark.parametrize(
    ("content", "text"),
    [
        (None, "there is no such file"),
        (b"", "the file has 0 bytes"),
        (b"not an image at all", "TIFF; the file starts"),
        (_png_header(8, 6)[:20], "header is cut"),
        (_png_header(60_000, 60_000), "The header promises 60000×60000 pixels"),
    ],
)
def test_image_that_cannot_be_read_is_named_and_the_others_are_kept(table_of, content, text):
    table = table_of(RAMP, content, RAMP)
    images, (finding,) = read_headers(table)
    assert finding.level == "error"
    assert text in finding.text
    assert (finding.file, finding.plate, finding.well) == (table["path"][1], "P", "A02")
    assert images["Metadata_Well"].tolist() == ["A01", "A03"]
    assert images["width"].tolist() == [8, 8]
    assert check_headers(images) == []


def test_no_image_can_be_read(table_of):
    images, findings = read_headers(table_of(b"", b""))
    assert (len(images), len(findings)) == (0, 2)
    assert check_headers(images) == check_pixels(images)[1] == []


def test_headers_say_size_and_type(table_of):
    images, findings = read_headers(table_of(RAMP, np.zeros((3, 5, 3), np.uint16)))
    assert findings == []
    columns = ["width", "height", "channels", "dtype"]
    assert images[columns].to_numpy().tolist() == [[8, 6, 1, "uint8"], [5, 3, 3, "uint16"]]


def test_image_of_another_size_within_a_plate(table_of):
    images, _ = read_headers(table_of(RAMP, RAMP, RAMP.T.copy(), channels=["DNA"]))
    (finding,) = check_headers(images)
    assert (finding.level, finding.well) == ("error", "A03")
    assert finding.text == "Size 6x8 px, where most of the plate has 8x6: one plate, one size."


def test_channel_of_another_size_within_a_plate(table_of):
    images, _ = read_headers(table_of(RAMP, RAMP.T.copy(), RAMP, channels=["DNA", "ER"]))
    assert [finding.well for finding in check_headers(images)] == ["A02"]


def test_plates_may_differ_in_size(table_of):
    images, _ = read_headers(table_of(RAMP, RAMP.T.copy(), plates="PQ"))
    assert check_headers(images) == []


def test_sixteen_bits_without_bit_depth(table_of):
    images, _ = read_headers(table_of(RAMP.astype(np.uint16)))
    (finding,) = check_headers(images)
    assert finding.level == "error"
    assert "16-bit file without bit_depth: the camera's full range" in finding.text
    images, _ = read_headers(table_of(RAMP.astype(np.uint16), bit_depth=12))
    assert check_headers(images) == []


def test_sixteen_bits_of_a_named_channel_need_no_bit_depth(table_of):
    images, _ = read_headers(table_of(RAMP.astype(np.uint16), channels=["DNA"]))
    (finding,) = check_headers(images)
    assert (finding.level, finding.plate, finding.well) == ("warning", "P", None)
    assert "saturation is undefined" in finding.text
    assert check_headers(images.assign(sensor_max=4095)) == []


def test_eight_bits_with_a_bit_depth_above(table_of):
    images, _ = read_headers(table_of(RAMP, bit_depth=12))
    (finding,) = check_headers(images)
    assert (finding.level, finding.text[:32]) == ("warning", "8-bit file with a bit_depth abov")


def test_several_types_in_a_channel(table_of):
    colour = np.dstack([RAMP, RAMP[::-1], RAMP])
    images, _ = read_headers(table_of(RAMP, colour))
    (finding,) = check_headers(images)
    told = "Type RGB uint8, where most of the plate is gray uint8: brightness does not compare."
    assert (finding.level, finding.text) == ("warning", told)
    images, _ = read_headers(table_of(RAMP, colour, channels=["DNA", "colour"]))
    assert check_headers(images) == []


def test_pixels_that_go_with_their_bit_depth_are_fine(table_of):
    images, _ = read_headers(table_of(RAMP.astype(np.uint16) * 87, RAMP, bit_depth=12))
    assert check_pixels(images)[1] == []


def test_value_above_the_bit_depth(table_of):
    images, _ = read_headers(table_of(np.array([[0, 4096]], np.uint16), bit_depth=12))
    _, (finding,) = check_pixels(images)
    assert (finding.level, finding.plate, finding.well) == ("error", "P", "A01")
    assert "Expected values up to 4095 (bit_depth 12); got 4096." in finding.text


def test_cut_pixels(table_of):
    whole = cv2.imencode(".png", np.random.default_rng(0).integers(0, 255, (64, 64)))[1].tobytes()
    damaged = whole[:200] + bytes(len(whole) - 260) + whole[-60:]
    images, findings = read_headers(table_of(RAMP, damaged))
    assert findings == []
    _, (finding,) = check_pixels(images)
    assert (finding.level, finding.well) == ("error", "A02")
    assert "cut or damaged" in finding.text


def test_a_file_without_end_is_found_by_its_last_bytes(table_of):
    whole = cv2.imencode(".png", np.random.default_rng(0).integers(0, 255, (64, 64)))[1].tobytes()
    _, (finding,) = read_headers(table_of(RAMP, whole[:2000]))
    assert (finding.level, finding.well) == ("error", "A02")
    assert "the file has no end" in finding.text


def test_empty_image_and_copies(table_of):
    empty = np.full((6, 8), 7, np.uint8)
    images, _ = read_headers(table_of(RAMP, empty, empty, RAMP))
    _, findings = check_pixels(images)
    assert [(finding.level, finding.well) for finding in findings] == [
        ("warning", "A02"),
        ("warning", "A03"),
        ("warning", "A04"),
    ]
    assert findings[0].text == "All pixels have one value: an empty image."
    assert findings[2].text.startswith(f"The same pixels as {images['path'][0]}:")


def test_images_stretched_one_by_one(table_of):
    generator = np.random.default_rng(0)
    pictures = generator.integers(1, 255, (9, 64, 64), dtype=np.uint8)
    images, _ = read_headers(table_of(*pictures, channels=["DNA"]))
    assert check_pixels(images)[1] == []
    for place, picture in enumerate(pictures):
        picture[place, 0], picture[0, place + 9] = 0, 255
    images, _ = read_headers(table_of(*pictures, channels=["DNA"]))
    (finding,) = check_pixels(images)[1]
    assert (finding.level, finding.plate) == ("warning", "P")
    assert finding.text.startswith("Channel DNA: 9 of 9 images reach from exactly 0 to exactly 255")


def test_measures_stand_beside_their_rows(table_of):
    full = np.array([[4095, 100], [100, 100]], np.uint16)
    images, _ = read_headers(table_of(full, RAMP.astype(np.uint16), bit_depth=12))
    measured, findings = check_pixels(images)
    assert findings == []
    assert measured["saturation"].tolist() == [0.25, 0]
    assert measured["intensity"].tolist() == [1098.75, 23.5]
    assert measured["unreadable"].tolist() == ["", ""]


def test_progress_is_watched(table_of):
    seen = []

    def watch(items, total):
        for item in items:
            seen.append(total)
            yield item

    read_headers(table_of(RAMP, b"", RAMP), watch)
    assert seen == [3, 3, 3]


def test_defect_of_ours_is_not_taken_for_a_bad_image(table_of, monkeypatch):
    monkeypatch.setattr("cellscreen.images.reading.read_header", lambda path, page: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        read_headers(table_of(RAMP))


def test_images_in_no_row(table_of, tmp_path):
    table = table_of(RAMP, RAMP)
    (tmp_path / "x").mkdir()
    (tmp_path / "x" / "3.JPG").touch()
    (tmp_path / "notes.txt").touch()
    assert unlisted_images(tmp_path / "none", table) == []
    (finding,) = unlisted_images(tmp_path, table[1:])
    assert finding.level == "note"
    assert finding.text.startswith("Image files in the folder but in no row of the table: 2, this")
    assert finding.file == table["path"][0]
