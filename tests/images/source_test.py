import hashlib

import numpy as np
import pandas as pd
import pytest
import tifffile

from cellscreen.errors import ImageError
from cellscreen.images import source
from cellscreen.images.planes import stack_table
from cellscreen.images.source import read_source, source_digest
from cellscreen.plates.columns import plate_table


@pytest.fixture
def row(tmp_path):
    """A stack of two planes of a 12-bit camera, with its illumination function."""
    planes = [np.array([[100, 4000]], np.uint16), np.array([[300, 200]], np.uint16)]
    paths = [tmp_path / f"p{number}.tif" for number in (1, 2)]
    for path, plane in zip(paths, planes, strict=True):
        tifffile.imwrite(path, plane)
    np.save(tmp_path / "illum.npy", np.array([[1.5, 0.5]]))
    rows = {"path": list(map(str, paths)), "Metadata_Plane": ["1", "2"], "Metadata_Site": "1"}
    rows |= {"Metadata_Plate": "P", "Metadata_Well": "A01", "bit_depth": 12}
    table = plate_table(pd.DataFrame(rows | {"illumination": str(tmp_path / "illum.npy")}))
    return stack_table(table, "max").iloc[0].to_dict()


def test_planes_are_projected_and_the_light_divided_out_even_beyond_the_bit_depth(row):
    image = read_source(row)
    assert image.dtype == np.uint16
    assert image.tolist() == [[200, 8000]]


def test_raw_values_above_the_bit_depth_are_told(row):
    row["bit_depth"] = 11
    with pytest.raises(ImageError, match=r"up to 2047 .bit_depth 11.; got 4000.*plate P, well A01"):
        read_source(row)


def test_the_digest_of_one_file_is_that_of_its_bytes_and_of_a_stack_of_all(row, tmp_path):
    first, second = ((tmp_path / f"p{number}.tif").read_bytes() for number in (1, 2))
    assert source_digest({"path": tmp_path / "p1.tif"}) == hashlib.sha256(first).hexdigest()
    assert source_digest(row) == hashlib.sha256(first + second).hexdigest()


def test_a_file_of_many_planes_counts_once_in_the_digest(tmp_path):
    (tmp_path / "a.tif").write_bytes(b"abc")
    row = {"path": "a", "stack": f'[["{tmp_path}/a.tif", 0], ["{tmp_path}/a.tif", 1]]'}
    assert source_digest(row) == hashlib.sha256(b"abc").hexdigest()


def test_the_digest_of_an_array_is_that_of_the_plane_alone(tmp_path, monkeypatch):
    planes = np.arange(12, dtype=np.uint16).reshape(2, 2, 3)
    monkeypatch.setattr(source, "read_zarr_plane", lambda path, page, **_: planes[page])
    digests = [source_digest({"path": str(tmp_path), "page": page}) for page in (0, 1)]
    assert digests == [hashlib.sha256(plane.tobytes()).hexdigest() for plane in planes]
