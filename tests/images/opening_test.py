"""Images of this machine and behind addresses."""

import io
import sys
import types

import numpy as np
import pytest
import tifffile

from cellscreen.errors import ConfigError, ImageError
from cellscreen.images.opening import open_image
from cellscreen.images.reading import read_bytes, read_header, read_image

IMAGE = np.arange(12, dtype=np.uint16).reshape(3, 4)


@pytest.fixture
def cloud(monkeypatch):
    """A stand-in for fsspec that holds one TIFF; other names raise what a cloud's library may."""
    data = io.BytesIO()
    tifffile.imwrite(data, IMAGE)

    def opened(path, mode):
        assert mode == "rb"
        if path == "s3://plates/gone.tif":
            raise FileNotFoundError(path)
        if path != "s3://plates/A01.tif":
            raise RuntimeError("no credentials")
        return types.SimpleNamespace(open=lambda: io.BytesIO(data.getvalue()))

    monkeypatch.setitem(sys.modules, "fsspec", types.SimpleNamespace(open=opened))
    return data.getvalue()


def test_an_address_is_read_like_a_file(cloud):
    np.testing.assert_array_equal(read_image("s3://plates/A01.tif"), IMAGE)
    assert read_header("s3://plates/A01.tif").width == 4
    assert read_bytes("s3://plates/A01.tif") == cloud


def test_what_goes_wrong_far_away_names_the_image(cloud):
    with pytest.raises(ImageError, match=r"no such file.*s3://plates/gone.tif, plate P"):
        read_header("s3://plates/gone.tif", plate="P")
    with pytest.raises(ImageError, match=r"RuntimeError: no credentials.*https://h/x.tif"):
        read_image("https://h/x.tif")


def test_without_the_library_it_is_said_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "fsspec", None)
    with pytest.raises(ConfigError, match=r"s3://plates/A01.tif.*pip install fsspec"):
        open_image("s3://plates/A01.tif")
