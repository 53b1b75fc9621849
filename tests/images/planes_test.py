import json
import tracemalloc

import cv2
import numpy as np
import pandas as pd
import pytest
import tifffile

from cellscreen.errors import ConfigError, ImageError, PlateTableError
from cellscreen.images.planes import focus, read_stack, stack_files, stack_table
from cellscreen.plates.columns import plate_table

A = np.array([[1, 9], [5, 0]], np.uint16)
B = np.array([[4, 2], [5, 7]], np.uint16)
C = np.array([[0, 3], [6, 1]], np.uint16)


def table_of(paths, planes="123", well="A01", **more):
    rows = {"path": list(map(str, paths)), "Metadata_Plane": list(planes), "Metadata_Well": well}
    rows |= {"Metadata_Plate": "P", "Metadata_Site": "1", "channel": "DNA", **more}
    return plate_table(pd.DataFrame(rows))


@pytest.fixture
def stack(tmp_path):
    """Three planes as three files."""
    paths = [tmp_path / f"p{plane}.tif" for plane in "123"]
    for path, plane in zip(paths, (A, B, C), strict=True):
        tifffile.imwrite(path, plane)
    return paths


def test_a_maximum_projection_takes_the_highest_of_each_pixel(stack):
    (row,) = stack_table(table_of(stack), "max").to_dict("records")
    assert row["Metadata_projection"] == "max of 3"
    assert row["Metadata_Plane"] == ""
    assert json.loads(row["stack"]) == [[str(path), None] for path in stack]
    image = read_stack(row)
    assert image.dtype == np.uint16
    assert image.tolist() == [[4, 9], [6, 7]]


def test_planes_may_be_pages_of_one_file(tmp_path):
    tifffile.imwrite(tmp_path / "a.tif", np.stack([A, B, C]), photometric="minisblack")
    table = table_of([tmp_path / "a.tif"] * 3, page=[0, 2, 1])
    (row,) = stack_table(table, "max").to_dict("records")
    assert stack_files(row) == [(str(tmp_path / "a.tif"), page) for page in (0, 2, 1)]
    assert read_stack(row).tolist() == [[4, 9], [6, 7]]
    assert read_stack(stack_table(table, "2").iloc[0]).tolist() == C.tolist()


def test_one_plane_is_that_file(stack):
    (row,) = stack_table(table_of(stack), "2").to_dict("records")
    assert (row["Metadata_projection"], row["Metadata_Plane"]) == ("plane 2", "")
    assert read_stack(row).tolist() == B.tolist()


def test_the_plane_in_best_focus_is_found_whole(tmp_path):
    sharp = np.random.default_rng(0).integers(0, 200, (32, 32)).astype(np.uint8)
    planes = [cv2.GaussianBlur(sharp, (0, 0), sigma) for sigma in (3, 1)]
    planes = [planes[0], sharp, planes[1]]
    for number, plane in enumerate(planes):
        tifffile.imwrite(tmp_path / f"{number}.tif", plane)
    table = table_of([tmp_path / f"{number}.tif" for number in range(3)])
    (row,) = stack_table(table, "focus").to_dict("records")
    assert row["Metadata_projection"] == "focus of 3"
    np.testing.assert_array_equal(read_stack(row), sharp)


def test_focus_of_an_even_image_is_0_and_an_edge_has_some():
    edge = np.zeros((8, 8), np.uint8)
    edge[:, 4:] = 10
    # 2×2 means: rows of 0 0 10 10. Laplacian 0 10 -10 0 (mirrored borders): variance 50.
    assert focus(edge) == 50
    assert focus(np.full((8, 8), 200, np.uint16)) == 0


def test_timepoints_channels_and_wells_are_stacks_of_their_own(stack):
    parts = [
        table_of(stack[:2], "12", well=well, channel=channel, Metadata_Timepoint=time)
        for well in ("B02", "A01")
        for time in ("1", "2")
        for channel in ("DNA", "ER")
    ]
    table = stack_table(pd.concat(parts, ignore_index=True), "max")
    names = ["Metadata_Well", "Metadata_Timepoint", "channel"]
    assert len(table[names].drop_duplicates()) == len(table) == 8
    assert table["Metadata_Well"].tolist() == ["B02"] * 4 + ["A01"] * 4
    assert table.index.tolist() == list(range(8))


def test_images_without_planes_stay_as_they_are(stack):
    table = table_of(stack[:1], [""])
    (row,) = stack_table(table, "max").to_dict("records")
    assert row["Metadata_projection"] == ""
    assert "stack" not in row
    assert read_stack(row).tolist() == A.tolist()


def test_missing_planes_are_told_together_and_may_be_allowed(stack):
    wells = [table_of(stack, well=well) for well in ("A01", "A02", "A03")]
    table = pd.concat([*wells, table_of(stack[:2], "12", "B01"), table_of(stack[:1], "3", "B02")])
    with pytest.raises(PlateTableError, match="2 problems") as caught:
        stack_table(table.reset_index(drop=True), "max")
    assert "well B01: Expected 3 planes; got 2 (site 1, channel DNA)" in str(caught.value)
    assert "well B02: Expected 3 planes; got 1 (site 1" in str(caught.value)
    whole = stack_table(table.reset_index(drop=True), "max", partial=True)
    projections = whole.set_index("Metadata_Well")["Metadata_projection"]
    assert projections.tolist() == ["max of 3"] * 3 + ["max of 2", "max of 1"]


def test_a_plane_that_wells_lack_is_told_and_one_that_nobody_has_too(stack):
    table = pd.concat([table_of(stack), table_of(stack[:2], "12", "B01")], ignore_index=True)
    message = r"Expected a plane 3; there is none \(site 1, channel DNA\).*well B01.*one plane that"
    with pytest.raises(PlateTableError, match=message):
        stack_table(table, "3")
    assert len(stack_table(table, "3", partial=True)) == 1
    with pytest.raises(ConfigError, match="z max, focus, or one of the planes 1, 2, 3; got 'mean'"):
        stack_table(table, "mean", partial=True)


@pytest.mark.parametrize("other", [np.zeros((3, 2), np.uint16), np.zeros((2, 2), np.uint8)])
def test_planes_of_another_size_or_type_are_told(stack, other):
    tifffile.imwrite(stack[1], other)
    row = stack_table(table_of(stack), "max").iloc[0]
    message = r"Expected a plane of \(2, 2\) uint16, as the first.*p2.tif, plate P, well A01"
    with pytest.raises(ImageError, match=message):
        read_stack(row)


def test_a_cut_plane_is_told_with_its_well(stack):
    stack[2].write_bytes(b"")
    row = stack_table(table_of(stack), "max").iloc[0]
    with pytest.raises(ImageError, match=r"0 bytes.*p3.tif, plate P, well A01"):
        read_stack(row)


def test_memory_is_that_of_two_planes_however_many_there_are(tmp_path):
    planes = np.random.default_rng(0).integers(0, 99, (24, 256, 256)).astype(np.uint16)
    tifffile.imwrite(tmp_path / "a.tif", planes, photometric="minisblack")
    table = table_of([tmp_path / "a.tif"] * 24, map(str, range(24)), page=range(24))
    row = stack_table(table, "max").iloc[0]
    tracemalloc.start()
    try:
        np.testing.assert_array_equal(read_stack(row), planes.max(axis=0))
        assert tracemalloc.get_traced_memory()[1] < 8 * planes[0].nbytes
    finally:
        tracemalloc.stop()
