import logging

import numpy as np
import pandas as pd
import pytest

from cellscreen.errors import DataError
from cellscreen.images.flatfield import correct
from cellscreen.images.illumination import estimate_illumination, with_illumination
from cellscreen.plates.columns import plate_table

SIZE = 96
FIELD = (2 * (np.arange(SIZE) + 0.5) / SIZE - 1) * np.ones((SIZE, 1))
# A vignette, brightest right of the middle and above it; 0.5 in the far corner.
LIGHT = 1 / (1 + 0.35 * ((FIELD - 0.2) ** 2 + (FIELD.T + 0.1) ** 2))
LIGHT = LIGHT / LIGHT.mean()


def scenes(count, cells, seed=0):
    """Dark ground of 200 and square cells of 1,000 to 3,000, under the light, with shot noise."""
    generator = np.random.default_rng(seed)
    made = []
    for _ in range(count):
        scene = np.full((SIZE, SIZE), 200.0)
        for y, x in generator.integers(-8, SIZE, (cells, 2)):
            scene[max(y, 0) : y + 8, max(x, 0) : x + 8] = generator.integers(1000, 3000)
        made.append(generator.poisson(scene * LIGHT).astype(np.uint16))
    return made


def table_of(count, **more):
    rows = {"path": range(count), "Metadata_Well": "A01", "Metadata_Site": range(count)}
    rows |= {"channel": "DNA", "Metadata_Plate": "P"}
    return plate_table(pd.DataFrame(rows | more))


def estimated(images):
    return estimate_illumination(table_of(len(images)), lambda row: images[row["path"]])


def off(function):
    """The largest relative error of an estimate."""
    return np.abs(function / function.mean() / LIGHT - 1).max()


@pytest.mark.parametrize("cells", [5, 25])
def test_the_light_is_found_beneath_cells_better_than_by_their_mean(cells):
    images = scenes(48, cells)
    found = estimated(images)
    assert found.images == 48
    assert found.function.dtype == np.float32
    assert found.function.mean() == pytest.approx(1, abs=1e-4)
    assert off(found.function) < 0.04
    assert off(np.mean(images, axis=0)) > 5 * off(found.function)
    assert found.halves_differ < 0.05


def test_a_field_that_is_not_square_keeps_its_axes():
    images = [image[:48] for image in scenes(32, 5)]
    function = estimated(images).function
    assert function.shape == (48, SIZE)
    expected = LIGHT[:48] / LIGHT[:48].mean()
    assert np.abs(function / expected - 1).max() < 0.04


def test_images_of_different_brightness_count_alike():
    images = [(image * factor).astype(np.uint16) for image, factor in
              zip(scenes(40, 5), np.geomspace(0.5, 20, 40), strict=True)]  # fmt: skip
    assert off(estimated(images).function) < 0.04


def test_no_more_than_256_images_are_read_over_the_whole_plate():
    image, read = scenes(1, 0)[0], []

    def reading(row):
        read.append(row["path"])
        return image

    assert estimate_illumination(table_of(1000), reading).images == 256
    assert len(read) == 256
    assert {0, 999} < set(read)
    assert max(np.diff(sorted(read))) < 6


@pytest.mark.parametrize(
    ("images", "message"),
    [
        (scenes(15, 5), "16 images or more to estimate the light; got 15 that are not black.*Give"),
        ([np.zeros((8, 8), np.uint8)] * 20, "got 0 that are not black"),
        ([np.ones((8, 8), np.uint8)] * 20 + [np.ones((8, 9), np.uint8)], "one size.*8×8, 9×8"),
        ([np.pad(np.ones((8, 7), np.uint8), ((0, 0), (0, 1)))] * 20, "Part of the field is black"),
    ],
)
def test_images_that_show_no_light_are_told(images, message):
    with pytest.raises(DataError, match=message):
        estimated(images)


def test_a_plate_gets_functions_that_flatten_it(tmp_path, caplog):
    images = scenes(32, 5)
    table = table_of(32, channel=["DNA / 405"] * 16 + ["ER"] * 16)
    with caplog.at_level(logging.INFO):
        lit = with_illumination(table, tmp_path, lambda row: images[row["path"]])
    assert "Plate P, channel DNA / 405: light from 0." in caplog.text
    files = sorted(str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*.npy"))
    assert files == ["illumination/P/1_DNA_405.npy", "illumination/P/2_ER.npy"]
    row = lit.iloc[20].to_dict()
    assert row["illumination"] == str(tmp_path / files[1])
    ground = np.full((SIZE, SIZE), 1000 * LIGHT).astype(np.uint16)
    assert correct(ground, row).std() < 0.05 * ground.std()
    assert "illumination" not in table


def test_light_that_is_known_is_left_alone(tmp_path):
    table = table_of(3, channel=["DNA", "ER", "AGP"], flatfield=["", "{}", ""])
    table["illumination"] = ["mine.npy", None, ""]
    with pytest.raises(DataError, match=r"Channel 'AGP': Expected 16 images.*\[plate P\]"):
        with_illumination(table, tmp_path, lambda row: scenes(1, 0)[0])
    lit = with_illumination(table[:2], tmp_path, lambda row: scenes(1, 0)[0])
    assert lit["illumination"].tolist() == ["mine.npy", ""]


def test_light_that_chance_made_is_warned_of(tmp_path, caplog):
    generator = np.random.default_rng(0)
    blobs = [np.kron(generator.integers(1, 60, (4, 4)), np.ones((8, 8))) for _ in range(16)]
    images = [blob.astype(np.uint16) for blob in blobs]
    with_illumination(table_of(16), tmp_path, lambda row: images[row["path"]])
    assert "differs from that of the rest by up to" in caplog.text
