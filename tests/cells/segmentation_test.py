"""One interface, whatever finds the objects; and what it tells of bad fields."""

import cv2
import numpy as np
import pytest
import tifffile

from cellscreen.cells.locations import locations_path
from cellscreen.cells.place import Place
from cellscreen.cells.segment_config import SegmentConfig
from cellscreen.cells.segmentation import segment
from cellscreen.errors import ConfigError, ImageError, PlateTableError

PLACE = Place("P1", "A01", "2", pixel_size_um=0.5)


@pytest.fixture(scope="module")
def field():
    """Four nuclei of 21 px, one at the border, and a speck; bodies around them."""
    dna, body = np.full((150, 200), 20, np.uint8), np.full((150, 200), 10, np.uint8)
    for centre in ((40, 40), (100, 40), (150, 100), (60, 148)):
        cv2.circle(dna, centre, 10, 200, -1)
        cv2.circle(body, centre, 20, 120, -1)
    dna[120:123, 120:123] = 200
    return {"DNA": dna, "RNA": body}


def test_nuclei_alone(field):
    found = segment(field["DNA"], SegmentConfig(), PLACE)
    assert list(found.compartments) == ["Nuclei"]
    assert found.counts.kept == 4
    assert found.counts.debris == 1
    assert found.counts.border == 1
    assert found.ids.tolist() == [1, 2, 3, 4]
    assert found.centres[0] == pytest.approx([40, 40], abs=0.6)
    assert found.boxes.shape == (4, 4)
    assert found.flows is None
    assert found.labels is found.compartments["Nuclei"]


def test_cells_and_cytoplasm_have_the_nuclei_s_numbers(field):
    config = SegmentConfig(nuclei_channel="DNA", cells_channel="RNA")
    parts = segment(field, config, PLACE).compartments
    assert list(parts) == ["Nuclei", "Cells", "Cytoplasm"]
    nuclei, cells, cytoplasm = parts.values()
    assert (cells[nuclei > 0] == nuclei[nuclei > 0]).all()
    assert (cytoplasm == np.where(nuclei > 0, 0, cells)).all()
    assert cytoplasm[40, 56] == nuclei[40, 40] == 1


def test_a_diameter_in_micrometres_is_used(field):
    assert segment(field["DNA"], SegmentConfig(diameter_um=10), PLACE).diameter_px == 20
    with pytest.raises(ConfigError, match=r"field has no pixel_size_um\. \[well A01\] State"):
        segment(field["DNA"], SegmentConfig(diameter_um=10), Place(well="A01"))


def test_the_border_rule(field):
    found = segment(field["DNA"], SegmentConfig(border="drop"), PLACE)
    assert (found.counts.kept, found.counts.dropped) == (3, 1)


def test_an_empty_field_has_no_objects_and_is_counted():
    found = segment(np.full((64, 64), 9, np.uint16), SegmentConfig(), PLACE)
    assert found.counts.empty
    assert found.centres.shape == (0, 2)
    assert not found.labels.any()


def test_an_empty_field_has_empty_cells_too():
    planes = {"D": np.full((64, 64), 9, np.uint16), "R": np.full((64, 64), 9, np.uint16)}
    found = segment(planes, SegmentConfig(nuclei_channel="D", cells_channel="R"), PLACE)
    assert not found.compartments["Cells"].any()


def test_phase_contrast_finds_textured_bodies():
    random = np.random.default_rng(0)
    image = random.normal(1000, 5, (256, 256)).astype(np.float32)
    for x, y in ((70, 70), (180, 180)):
        cv2.circle(image, (x, y), 22, 1300.0, 3)
        inside = np.zeros(image.shape, np.uint8)
        cv2.circle(inside, (x, y), 20, 1, -1)
        image[inside > 0] = 900 + random.normal(0, 60, int(inside.sum()))
    config = SegmentConfig(method="phase", diameter_px=40)
    found = segment(image, config, PLACE)
    assert list(found.compartments) == ["Cells"]
    assert found.counts.kept == 2
    assert found.centres == pytest.approx(np.array([[70, 70], [180, 180]]), abs=3)


def test_label_images_keep_their_numbers(tmp_path, field):
    labels = np.zeros((150, 200), np.uint32)
    labels[10:20, 10:20], labels[50:60, 50:60] = 70_000, 12
    tifffile.imwrite(tmp_path / "A01_2.tif", labels)
    config = SegmentConfig(method="labels", labels=f"{tmp_path}/{{well}}_{{site}}.tif")
    found = segment(field["DNA"], config, PLACE)
    assert found.ids.tolist() == [12, 70_000]
    assert found.centres.tolist() == [[54.5, 54.5], [14.5, 14.5]]
    assert found.counts.debris == 0


def test_label_images_of_cells_are_matched_by_number(tmp_path, field):
    nuclei, cells = np.zeros((2, 150, 200), np.uint16)
    nuclei[10:20, 10:20], nuclei[50:60, 50:60] = 3, 7
    cells[5:25, 5:25], cells[100:120, 100:120] = 3, 8
    tifffile.imwrite(tmp_path / "n.tif", nuclei)
    tifffile.imwrite(tmp_path / "c.tif", cells)
    config = SegmentConfig(
        method="labels", labels=f"{tmp_path}/n.tif", cell_labels=f"{tmp_path}/c.tif"
    )
    found = segment(field["DNA"], config, PLACE)
    assert found.ids.tolist() == [3]
    assert found.counts.unmatched == 2
    assert (found.compartments["Cells"] > 0).sum() == 400
    assert (found.compartments["Cytoplasm"] > 0).sum() == 300


def test_locations_need_no_masks(tmp_path, field):
    path = locations_path(tmp_path, PLACE)
    path.parent.mkdir()
    path.write_text("Nuclei_Location_Center_X,Nuclei_Location_Center_Y\n5,6\n")
    found = segment(field["DNA"], SegmentConfig(method="locations", locations=str(tmp_path)), PLACE)
    assert found.centres.tolist() == [[5, 6]]
    assert found.labels is None
    assert found.counts.kept == 1


def test_missing_locations_are_an_error(tmp_path, field):
    config = SegmentConfig(method="locations", locations=str(tmp_path))
    with pytest.raises(PlateTableError, match="plate P1, well A01"):
        segment(field["DNA"], config, PLACE)


def test_a_missing_nuclei_channel_is_told(field):
    text = r"Expected the nuclei channel Hoechst; the field has DNA, RNA\. \[plate P1, well A01\]"
    with pytest.raises(ConfigError, match=text):
        segment(field, SegmentConfig(nuclei_channel="Hoechst"), PLACE)
    with pytest.raises(ConfigError, match="Expected the name of the nuclei channel; the field has"):
        segment(field, SegmentConfig(), PLACE)
    with pytest.raises(ConfigError, match="Expected the cells channel AGP; the field has DNA"):
        segment(field, SegmentConfig(nuclei_channel="DNA", cells_channel="AGP"), PLACE)


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_pixels_that_are_no_numbers_are_told(bad):
    image = np.ones((5, 5), np.float32)
    image[2, 2] = bad
    text = r"Expected finite pixels of DNA; 1 of 25 are NaN or infinite\. \[plate P1, well A01\]"
    with pytest.raises(ImageError, match=text):
        segment({"DNA": image}, SegmentConfig(nuclei_channel="DNA"), PLACE)


def test_colour_images_and_planes_of_two_sizes_are_told(field):
    with pytest.raises(ImageError, match=r"Expected a plane \(height, width\) of uint8, uint16"):
        segment(np.zeros((5, 5, 3), np.uint8), SegmentConfig(), PLACE)
    planes = {"DNA": field["DNA"], "RNA": np.zeros((5, 5), np.uint8)}
    config = SegmentConfig(nuclei_channel="DNA", cells_channel="RNA")
    with pytest.raises(ImageError, match=r"Expected planes of one size; got \(150, 200\) and"):
        segment(planes, config, PLACE)


@pytest.mark.parametrize(
    ("given", "text"),
    [
        ({"method": "magic"}, "Expected method to be one of classical, phase, cellpose"),
        ({"border": "wrap"}, "Expected border to be one of keep, drop; got 'wrap'"),
        ({"diameter_px": 0}, "Expected diameter_px above 0; got 0"),
        ({"smoothing_px": -1}, "Expected smoothing_px of 0 or more; got -1"),
        ({"reach": float("nan")}, "Expected reach to be a finite number"),
        ({"diameter_px": 9, "diameter_um": 9}, "diameter_px or diameter_um; got both"),
        ({"method": "labels"}, "The method labels needs labels; it is empty"),
        ({"method": "locations"}, "The method locations needs locations; it is empty"),
        ({"method": "cellpose"}, "The method cellpose needs weights; it is empty"),
        ({"method": "phase"}, "The method phase needs diameter_px or diameter_um"),
        ({"cell_labels": "a.tif"}, "cell_labels go with the method labels, not classical"),
        (
            {"method": "phase", "diameter_px": 9, "cells_channel": "RNA"},
            "cells_channel goes with the method classical, not phase",
        ),
    ],
)
def test_settings_that_cannot_work_are_told(given, text):
    with pytest.raises(ConfigError, match=text):
        SegmentConfig(**given)
