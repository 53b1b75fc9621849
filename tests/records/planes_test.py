import dataclasses

import numpy as np
import pytest

from cellscreen.cells.field_check import plane_of
from cellscreen.cells.place import Place
from cellscreen.errors import ConfigError, ImageError
from cellscreen.images.reading import read_image
from cellscreen.records.field_order import ordered_fields, usual_sizes
from cellscreen.records.planes import read_planes
from cellscreen.records.plate_diameter import with_plate_diameter


@pytest.fixture(scope="module")
def units(cell_table):
    return ordered_fields(cell_table)


def test_planes_are_the_channels_of_a_field_in_their_type(units):
    planes = read_planes(units[0])
    assert planes.key == "P1/A01/1"
    assert planes.channels == ("DNA", "ER")
    assert (planes.lows, planes.highs, planes.bit_depths) == ((0, 0), (65535, 65535), (16, 16))
    assert planes.pixels.dtype == np.uint16
    np.testing.assert_array_equal(planes.by_name()["ER"], read_image(units[0][1]["path"]))
    assert planes.place == Place("P1", "A01", "1")


def test_a_median_of_channels_is_the_only_plane_rounded_half_up(units):
    both, one = read_planes(units[0], median_of=("ER", "DNA")), read_planes(units[0])
    assert both.channels == ("median",)
    by_hand = (one.pixels[0].astype(int) + one.pixels[1] + 1) // 2
    np.testing.assert_array_equal(both.pixels[0], by_hand)
    np.testing.assert_array_equal(read_planes(units[0], median_of=("#2",)).pixels, one.pixels[1:])
    with pytest.raises(ConfigError, match=r"channels #3 for a median; the field has DNA, ER"):
        read_planes(units[0], median_of=("#3",))


def test_channels_of_two_sizes_are_an_error(units, tmp_path):
    import cv2

    path = str(tmp_path / "small.png")
    cv2.imwrite(path, np.zeros((10, 20), np.uint16))
    odd = [units[0][0], {**units[0][1], "path": path}]
    with pytest.raises(ImageError, match=r"96×96 .* 'DNA' .* got 20×10 in channel 'ER'.*small.png"):
        read_planes(odd)


def test_a_field_of_another_size_than_the_plates_is_an_error(units):
    with pytest.raises(ImageError, match=r"Expected 50×40 pixels, as the plate's other.*got 96×96"):
        read_planes(units[0], {"DNA": (50, 40), "ER": (96, 96)})


def test_sizes_are_those_of_the_first_image_that_can_be_read(units):
    broken = [[{**row, "path": "gone.png"} for row in units[0]], *units[1:]]
    assert usual_sizes(broken, may_fail=True) == {"DNA": (96, 96), "ER": (96, 96)}
    with pytest.raises(ImageError, match=r"gone\.png"):
        usual_sizes(broken, may_fail=False)


def test_one_diameter_is_estimated_for_the_plate_where_none_is_stated(units, cell_plate):
    config = cell_plate.CONFIG
    open_config = dataclasses.replace(
        config, segment=dataclasses.replace(config.segment, diameter_px=None)
    )
    estimated = with_plate_diameter(units, open_config).segment.diameter_px
    assert 10 < estimated < 22  # discs of radius 7
    assert with_plate_diameter(units, config) is config
    nothing = [units[3]]  # A02/2 has no cell
    assert with_plate_diameter(nothing, open_config) is open_config


def test_the_channel_of_the_nuclei_must_be_there(units, cell_plate):
    segment = dataclasses.replace(cell_plate.CONFIG.segment, nuclei_channel="Hoechst")
    segment = dataclasses.replace(segment, diameter_px=None)
    with pytest.raises(ConfigError, match=r"nuclei channel Hoechst; the field has DNA, ER"):
        with_plate_diameter(units, dataclasses.replace(cell_plate.CONFIG, segment=segment))
    with pytest.raises(ConfigError, match="Hoechst"):
        plane_of(read_planes(units[0]).by_name(), "Hoechst", "nuclei", Place())
