"""Nuclei by threshold and watershed, cells around them, on drawn fields."""

import cv2
import numpy as np
import pytest

from cellscreen.cells.classical import find_nuclei, grow_cells
from cellscreen.cells.diameter import SMALLEST, diameter_of, distance_inside, estimate_diameter
from cellscreen.cells.segment_config import SegmentConfig

CONFIG = SegmentConfig()


def _discs(*centres, radius=10, size=(120, 160), dtype=np.uint8, value=200):
    image = np.full(size, 20, dtype)
    for centre in centres:
        cv2.circle(image, centre, radius, value, -1)
    return image


@pytest.mark.parametrize(("dtype", "value"), [(np.uint8, 200), (np.uint16, 9000)])
def test_separate_discs_are_objects_at_their_places(dtype, value):
    labels, diameter = find_nuclei(_discs((30, 40), (120, 80), dtype=dtype, value=value), CONFIG)
    assert labels.max() == 2
    assert (labels[40, 30], labels[80, 120], labels[0, 0]) == (1, 2, 0)
    assert 16 < diameter < 26


def test_touching_discs_are_parted_in_the_middle():
    labels, _ = find_nuclei(_discs((50, 60), (67, 60)), CONFIG)
    assert labels.max() == 2
    assert labels[60, 53] != labels[60, 64]


@pytest.mark.parametrize("radius", [5, 10, 20, 40])
def test_size_is_found_at_any_scale(radius):
    image = _discs((60, 60), (160, 160), radius=radius, size=(256, 256))
    assert estimate_diameter([image], CONFIG) == pytest.approx(2 * radius + 1, rel=0.3)


def test_a_large_disc_is_one_object_at_its_size_and_many_are_no_fewer():
    image = _discs((60, 60), radius=40)
    assert find_nuclei(image, CONFIG)[0].max() == 1
    assert find_nuclei(image, CONFIG, 80)[0].max() == 1


@pytest.mark.parametrize("seed", range(3))
def test_noise_alone_is_an_empty_field(seed):
    noise = np.random.default_rng(seed).poisson(200, (128, 128)).astype(np.uint16)
    labels, diameter = find_nuclei(noise, CONFIG)
    assert not labels.any()
    assert np.isnan(diameter)
    assert find_nuclei(noise, CONFIG, 12.0)[1] == 12


def test_plate_size_is_the_median_of_its_fields_without_empty_ones():
    fields = [_discs((60, 60), radius=radius) for radius in (8, 10, 30)]
    empty = np.full((120, 160), 20, np.uint8)
    assert estimate_diameter([*fields, empty], CONFIG) == estimate_diameter(fields[1:2], CONFIG)
    assert np.isnan(estimate_diameter([empty], CONFIG))


def test_a_mask_of_specks_has_the_smallest_size():
    mask = np.zeros((20, 20), np.uint8)
    mask[5, 5] = mask[10, 10] = 1
    assert diameter_of(distance_inside(mask)) == SMALLEST


@pytest.mark.parametrize("threshold", ["global", "local"])
def test_uneven_light_does_not_make_a_field_empty(threshold):
    ground = np.broadcast_to(np.linspace(20, 90, 160), (120, 160)).astype(np.uint8)
    image = np.maximum(ground, _discs((30, 40), (120, 80), value=200))
    assert find_nuclei(image, SegmentConfig(threshold=threshold))[0].max() == 2


def test_uneven_light_alone_is_an_empty_field():
    y, x = np.mgrid[-1:1:128j, -1:1:128j]
    light = 2000 * (1 - 0.3 * (x**2 + y**2)) + 200 * x
    field = np.random.default_rng(0).poisson(light).astype(np.uint16)
    assert not find_nuclei(field, CONFIG)[0].any()


def test_cells_keep_their_nuclei_and_part_where_the_channel_is_dimmest():
    body = np.full((40, 80), 10, np.uint8)
    body[10:30, 5:75] = 150
    body[10:30, 29:32] = 100
    nuclei = np.zeros((40, 80), np.int32)
    nuclei[15:25, 10:16], nuclei[15:25, 60:66] = 1, 2
    cells = grow_cells(body, nuclei, SegmentConfig(reach=10, smoothing_px=0), 10)
    assert (cells[nuclei > 0] == nuclei[nuclei > 0]).all()
    assert (cells[20, 20], cells[20, 40], cells[20, 70]) == (1, 2, 2)
    assert cells[5, 20] == 0


def test_cells_reach_no_further_than_allowed():
    body = np.full((40, 80), 10, np.uint8)
    body[10:30, 5:75] = 150
    nuclei = np.zeros((40, 80), np.int32)
    nuclei[15:25, 10:16] = 1
    cells = grow_cells(body, nuclei, SegmentConfig(reach=1, smoothing_px=0), 10)
    assert cells[20, 25] == 1
    assert cells[20, 27] == 0


def test_a_channel_that_shows_nothing_leaves_cells_as_their_nuclei(caplog):
    nuclei = np.eye(8, dtype=np.int32)
    cells = grow_cells(np.full((8, 8), 9, np.uint8), nuclei, CONFIG, 3)
    assert np.array_equal(cells, nuclei)
    assert cells is not nuclei
    assert "shows no cells" in caplog.text
