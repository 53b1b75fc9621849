import json

import numpy as np
import pytest

from cellscreen.errors import ImageError
from cellscreen.images.header import ImageHeader
from cellscreen.images.reading import read_header, read_image


@pytest.fixture
def array(tmp_path):
    """An array of two planes without compression, a chunk a plane."""
    folder = tmp_path / "0"
    folder.mkdir()
    said = {"zarr_format": 2, "shape": [2, 3, 4], "chunks": [1, 3, 4], "dtype": "<u2"}
    said |= {"compressor": None, "fill_value": 0, "order": "C", "filters": None}
    (folder / ".zarray").write_text(json.dumps(said))
    planes = np.arange(24, dtype=np.uint16).reshape(2, 3, 4)
    for number, plane in enumerate(planes):
        (folder / f"{number}.0.0").write_bytes(plane.tobytes())
    return folder, planes


def test_the_metadata_tell_the_header(array):
    assert read_header(array[0], page=1) == ImageHeader(4, 3, 1, "uint16")


def test_a_plane_of_an_array_is_a_page(array):
    pytest.importorskip("zarr", reason="the extra zarr is not installed")
    for page, plane in enumerate(array[1]):
        np.testing.assert_array_equal(read_image(array[0], page=page), plane)


def test_damaged_metadata_are_told(array):
    (array[0] / ".zarray").write_text('{"shape": "many"}')
    for read in (read_header, read_image):
        with pytest.raises(ImageError, match=r"metadata are cut or damaged.*plate P, well A01"):
            read(array[0], plate="P", well="A01")
