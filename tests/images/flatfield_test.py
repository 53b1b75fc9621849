import json
import os
import zipfile
from pathlib import Path

import numpy as np
import pytest

from cellscreen.errors import ImageError
from cellscreen.images.flatfield import correct, divide, harmony_profile, profile_of, read_function
from cellscreen.images.planes import read_stack
from cellscreen.plates.harmony import read_harmony

DATA = Path(os.environ.get("CELLSCREEN_DATA", Path(__file__).parents[3] / "shared" / "data"))


def profile(coefficients, dims=(2, 2), part="Background", kind="Polynomial"):
    surface = {"Type": kind, "Coefficients": coefficients, "Dims": dims}
    surface |= {"Origin": [(side - 1) / 2 for side in dims], "Scale": [1 / side for side in dims]}
    return json.dumps({part: {"Profile": surface}})


def test_division_rounds_and_clips_to_the_type():
    light = np.array([[0.5, 2, 1, 0.8]], np.float32)
    image = np.array([[200, 3, 7, 10]], np.uint8)
    # 400 is clipped, 1.5 goes to the even 2, 12.5 to the even 12.
    assert divide(image, light).tolist() == [[255, 2, 7, 12]]
    assert divide(image.astype(np.uint16), light).tolist() == [[400, 2, 7, 12]]
    assert divide(image, light).dtype == np.uint8
    assert divide(np.full((1, 4), 65535, np.uint16), light).tolist() == [
        [65535, 32768, 65535, 65535]
    ]


def test_all_colours_of_a_pixel_get_the_same_light():
    image = np.array([[[10, 20, 30], [10, 20, 30]]], np.uint8)
    assert divide(image, np.array([[1, 2]], np.float32)).tolist() == [[[10, 20, 30], [5, 10, 15]]]


def test_the_terms_of_a_profile_go_from_x_to_y():
    # x and y are -0.25 and 0.25 at the two pixels of each side.
    text = profile([[1], [0.4, 0.8]])
    assert harmony_profile(text, 2, 2) == pytest.approx(np.array([[0.7, 0.9], [1.1, 1.3]]))
    text = profile([[1], [0, 0], [0.8, 0.16, 0]])
    expected = 1 + 0.05 + np.array([[0.01, -0.01], [-0.01, 0.01]])
    assert harmony_profile(text, 2, 2) == pytest.approx(expected)


def test_a_field_that_is_not_square_has_width_first():
    # x is -0.375, -0.125, 0.125, 0.375 over four columns; y -0.25 and 0.25 over two rows.
    light = harmony_profile(profile([[1], [1, 0]], dims=(4, 2)), 2, 4)
    assert light == pytest.approx(np.array([[0.625, 0.875, 1.125, 1.375]] * 2))


def test_a_binned_image_is_laid_over_the_same_field():
    text = profile([[1], [0.8, 0.4]], dims=(4, 4))
    fine = harmony_profile(text, 4, 4)
    assert harmony_profile(text, 2, 2) == pytest.approx(fine.reshape(2, 2, 2, 2).mean((1, 3)))


def test_even_light_changes_nothing():
    image = np.array([[1, 2]], np.uint8)
    row = {"flatfield": profile(None, kind="Identity")}
    assert correct(image, row) is image
    assert correct(image, {"flatfield": None, "illumination": float("nan")}) is image
    assert correct(image, {}) is image


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "it has no Background profile"),
        ('{"Foreground": {}}', "it has no Background profile"),
        (profile([[1]], kind="Spline"), "its type is 'Spline'"),
        (profile([[1], [0.1]]), "its Background profile is incomplete"),
        (profile([[None]]), "its Background profile is incomplete"),
        (profile([[1], [-8, 0]]), "light above 0 everywhere; its lowest value is -1"),
    ],
)
def test_another_notation_is_told_with_its_well(text, message):
    row = {"flatfield": text, "Metadata_Plate": "P", "Metadata_Well": "A01"}
    with pytest.raises(ImageError, match=message + r".*\[plate P, well A01\].*switch the flat"):
        correct(np.zeros((2, 2), np.uint16), row)


def test_a_function_divides_and_goes_before_the_microscopes_profile(tmp_path):
    np.save(tmp_path / "illum.npy", np.array([[1, 2], [4, 0.5]]))
    row = {"illumination": str(tmp_path / "illum.npy"), "flatfield": profile([[1], [1, 1]])}
    image = np.array([[8, 8], [8, 8]], np.uint16)
    assert correct(image, row).tolist() == [[8, 4], [2, 16]]
    assert profile_of(row, 2, 2).dtype == np.float32


def test_a_function_that_was_written_anew_is_read_anew(tmp_path):
    path = tmp_path / "illum.npy"
    for value in (1, 2):
        np.save(path, np.full((2, 2), value))
        os.utime(path, (value, value))
        assert read_function(path, 2, 2).max() == value


@pytest.mark.parametrize(
    ("array", "message"),
    [
        (None, "No such file"),
        (np.ones((2, 3)), "function of 2×2, the images' size; got 2×3.*channel and binning"),
        (np.array([[1, 1], [1, 0]]), "above 0 everywhere; its lowest value is 0"),
        (np.array([[1, 1], [1, np.nan]]), "above 0 everywhere; its lowest value is nan"),
        (np.array([["a", "b"]]), "function of numbers"),
        (np.array([[{}]], object), r"Expected an illumination function \(.npy\)"),
    ],
)
def test_no_function_of_light_is_told(tmp_path, array, message):
    path = tmp_path / "illum.npy"
    if array is not None:
        np.save(path, array, allow_pickle=True)
    with pytest.raises(ImageError, match=message):
        read_function(path, 2, 2)


@pytest.mark.parametrize("data", [b"", b"\x93NUMPY", b"no array at all"])
def test_a_cut_function_is_told(tmp_path, data):
    (tmp_path / "illum.npy").write_bytes(data)
    with pytest.raises(ImageError, match=r"Expected an illumination function.*illum.npy"):
        read_function(tmp_path / "illum.npy", 2, 2)


def test_a_header_that_lies_about_its_size_takes_no_memory(tmp_path):
    path = tmp_path / "illum.npy"
    promise = {"descr": "|u1", "fortran_order": False, "shape": (60_000, 60_000)}
    with path.open("wb") as file:
        np.lib.format.write_array_header_1_0(file, promise)
    with pytest.raises(ImageError, match="Expected an illumination function"):
        read_function(path, 60_000, 60_000)


def test_real_backgrounds_become_flat(tmp_path):
    archive = DATA / "jump_phenix.zip"
    if not archive.is_file():
        pytest.skip(f"{archive} is not there; set CELLSCREEN_DATA to its folder")
    with zipfile.ZipFile(archive) as zipped:
        names = ("Index.idx.xml", "r01c01f01p01-ch6sk1fk1fl1.tiff")
        for name in names:
            zipped.extract(f"jump_phenix/Version5/images/{name}", tmp_path)
    table = read_harmony(tmp_path / "jump_phenix" / "Version5")
    (row,) = table[table["channel"] == "Alexa 647"].to_dict("records")
    image = read_stack(row)
    assert _unevenness(image) > 0.1
    assert _unevenness(correct(image, row)) < 0.02


def _unevenness(image):
    """The coefficient of variation of the dark ground over blocks of 60 pixels."""
    blocks = image.reshape(18, 60, 18, 60).swapaxes(1, 2).reshape(18, 18, -1)
    ground = np.percentile(blocks, 10, axis=-1)
    return ground.std() / ground.mean()
