import pytest

from cellscreen import errors
from cellscreen.errors import CellscreenError, ImageError


def test_message_has_problem_place_and_remedy_in_this_order():
    error = ImageError(
        "Expected a TIFF, got 0 bytes.",
        file="p1/A01.tif",
        line=7,
        plate="p1",
        well="A01",
        fix="Export it again.",
    )
    assert str(error) == (
        "Expected a TIFF, got 0 bytes. [file p1/A01.tif, line 7, plate p1, well A01] "
        "Export it again."
    )


def test_message_leaves_out_what_is_not_known():
    assert str(ImageError("No image.")) == "No image."
    assert str(ImageError("No image.", well="B02")) == "No image. [well B02]"
    assert str(ImageError("No image.", fix="Add one.")) == "No image. Add one."


def test_line_0_is_a_place():
    assert str(ImageError("Empty.", line=0)) == "Empty. [line 0]"


def test_parts_are_kept_for_tables_of_problems(tmp_path):
    error = ImageError("Truncated.", file=tmp_path / "a.png", plate="p", well="A01", fix="Redo.")
    assert (error.problem, error.fix) == ("Truncated.", "Redo.")
    assert (error.file, error.line, error.plate, error.well) == (
        tmp_path / "a.png",
        None,
        "p",
        "A01",
    )


@pytest.mark.parametrize(
    "kind",
    [value for value in vars(errors).values() if isinstance(value, type)],
)
def test_one_base_catches_all(kind):
    if kind is not errors.Path:
        assert issubclass(kind, CellscreenError)
        assert kind.__doc__
