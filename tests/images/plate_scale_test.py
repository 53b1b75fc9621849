import logging
import tracemalloc
from fractions import Fraction

import numpy as np
import pandas as pd
import pytest

from cellscreen.errors import ConfigError, DataError
from cellscreen.images.plate_scale import PlateScale, level_at, plate_scales
from cellscreen.plates.columns import plate_table


def table_of(images, channels="DNA", plates="P", controls="trt"):
    """A plate table whose `path` is the number of an image."""
    count = len(images)
    rows = {"path": range(count), "Metadata_Well": "A01", "Metadata_Site": range(count)}
    rows |= {"channel": channels, "Metadata_Plate": plates, "Metadata_control_type": controls}
    return plate_table(pd.DataFrame(rows, index=range(count)))


def scales_of(images, of="plate", percents=("0", "100"), **more):
    low, high = percents
    return plate_scales(
        table_of(images, **more),
        of=of,
        low_percent=low,
        high_percent=high,
        read=lambda row: images[row["path"]],
    )


def test_a_level_is_the_lowest_value_that_enough_pixels_are_at_or_below():
    counts = np.array([0, 1, 0, 2, 0, 1])
    percents = ("0", "25", "25.01", "75", "75.1", "100")
    assert [level_at(counts, Fraction(p)) for p in percents] == [1, 1, 3, 3, 5, 5]


def test_levels_are_those_of_all_pixels_sorted():
    images = [np.random.default_rng(n).integers(0, 5000, (7, 9)).astype(np.uint16) for n in (0, 1)]
    values = np.sort(np.concatenate([image.ravel() for image in images]))
    (scale,) = scales_of(images, percents=("10", "90"))
    # 126 values: the 13th and the 114th, counted from 1.
    assert (scale.low, scale.high) == (values[12], values[113])


def test_plates_and_channels_have_scales_of_their_own():
    images = [np.array([[low, high]], np.uint16) for low, high in [(1, 9), (2, 8), (0, 70), (5, 6)]]
    scales = scales_of(images, channels=["DNA", "ER", "DNA", "DNA"], plates=["P", "P", "P", "Q"])
    assert scales == [
        PlateScale("P", "DNA", 0, 70, "0", "100", "plate", 2, False),
        PlateScale("P", "ER", 2, 8, "0", "100", "plate", 1, False),
        PlateScale("Q", "DNA", 5, 6, "0", "100", "plate", 1, False),
    ]


def test_controls_alone_may_set_the_scale():
    images = [np.array([[low, high]], np.uint16) for low, high in [(1, 9), (3, 5), (2, 7)]]
    (scale,) = scales_of(images, of="negcon", controls=["trt", "negcon", "negcon"])
    assert (scale.low, scale.high, scale.of, scale.images) == (2, 7, "negcon", 2)


def test_a_channel_without_controls_is_told():
    images = [np.array([[1, 9]], np.uint16)] * 2
    with pytest.raises(DataError, match=r"measure channel 'ER'.*\[plate P\] Name them negcon"):
        scales_of(images, of="negcon", channels=["DNA", "ER"], controls=["negcon", "trt"])


def test_colour_is_measured_as_the_gray_that_is_scaled():
    image = np.array([[[255, 0, 0], [7, 7, 7]]], np.uint8)
    (scale,) = scales_of([image])
    assert (scale.low, scale.high) == (7, 76)


@pytest.mark.parametrize(
    ("images", "message"),
    [
        ([np.full((2, 2), 7, np.uint16)] * 3, "DNA is at 7 from 0 to 100 % of its pixels, in 3 im"),
        (
            [np.array([[1, 2]], np.uint16), np.array([[1, 2]], np.uint8)],
            "one type in a channel, uint16; got uint8. .file 1, plate P, well A01",
        ),
    ],
)
def test_images_without_a_scale_are_told(images, message):
    with pytest.raises(DataError, match=message):
        scales_of(images)


@pytest.mark.parametrize(
    ("percents", "message"),
    [
        (("1", "0.5"), "0 <= low < high <= 100 %; got 1 and 0.5"),
        (("-1", "99"), "0 <= low < high"),
        (("0", "100.1"), "0 <= low < high"),
        (("nan", "99"), "two percentages; got 'nan'"),
    ],
)
def test_percentages_that_cannot_work_are_refused(percents, message):
    with pytest.raises(ConfigError, match=message):
        scales_of([np.array([[1, 2]], np.uint16)], percents=percents)


def test_another_choice_of_wells_is_refused():
    with pytest.raises(ConfigError, match="a scale of plate or negcon; got 'image'"):
        scales_of([np.array([[1, 2]], np.uint16)], of="image")


def test_images_stretched_one_by_one_are_said_and_noted(caplog):
    images = [np.arange(256, dtype=np.uint8)[np.roll(np.arange(256), n)][None] for n in range(9)]
    images = [np.tile(np.where(image == 255, 254, image), (6, 1)) for image in images]
    for number, image in enumerate(images):
        image[0, number] = 255
    with caplog.at_level(logging.WARNING):
        (scale,) = scales_of(images, percents=("0.01", "99.99"))
    assert scale.stretched
    assert "Plate P, channel DNA: 9 of 9 images reach from exactly 0 to exactly 255" in caplog.text


def test_memory_does_not_grow_with_the_plate():
    image = np.random.default_rng(0).integers(0, 65535, (128, 128)).astype(np.uint16)
    peaks = []
    for count in (30, 300):
        table = table_of([image] * count)
        tracemalloc.start()
        plate_scales(table, read=lambda row: image.copy())
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < 1.5 * peaks[0]
