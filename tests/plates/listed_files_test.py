"""Names in an index: found, absent, or refused because they lead elsewhere."""

import pytest

from cellscreen.plates.listed_files import ABSENT, NO_FILE, ListedFiles, relative_fault


@pytest.fixture
def plate(tmp_path):
    folder = tmp_path / "plate" / "Images"
    (folder / "sub").mkdir(parents=True)
    for name in ("a.tiff", "B.TIFF", "sub/ç ü.tif"):
        (folder / name).touch()
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "x.tiff").touch()
    return folder


def _find(plate, name):
    path, problem = ListedFiles(plate, plate.parent).find(name)
    return path.removeprefix(f"{plate}/"), problem


@pytest.mark.parametrize(
    ("name", "path", "problem"),
    [
        ("a.tiff", "a.tiff", ""),
        ("./a.tiff", "a.tiff", ""),
        ("b.tiff", "B.TIFF", ""),
        ("sub/ç ü.tif", "sub/ç ü.tif", ""),
        ("sub\\ç ü.tif", "sub/ç ü.tif", ""),
        ("none.tiff", "none.tiff", ABSENT),
        ("none/a.tiff", "none/a.tiff", ABSENT),
        ("sub", "sub", ABSENT),
        ("", "", NO_FILE),
    ],
)
def test_names_are_found_or_said_to_be_absent(plate, name, path, problem):
    assert _find(plate, name) == (path, problem)


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("../a.tiff", r"'\.\.'"),
        ("sub/../../a.tiff", r"'\.\.'"),
        ("sub\\..\\..\\a.tiff", r"'\.\.'"),
        ("/etc/hostname", "absolute"),
        ("\\\\server\\share\\a.tiff", "absolute"),
        ("C:\\a.tiff", "an address or a drive"),
        ("http://example.org/a.tiff", "an address or a drive"),
        ("FILE:a.tiff", "an address or a drive"),
        ("a\0.tiff", "control character"),
    ],
)
def test_names_that_lead_elsewhere_are_refused(plate, name, reason):
    with pytest.raises(ValueError, match=reason):
        _find(plate, name)
    assert relative_fault(name)


def test_a_link_that_leaves_the_plate_is_refused(plate, tmp_path):
    (plate / "out.tiff").symlink_to(tmp_path / "outside" / "x.tiff")
    (plate / "gone.tiff").symlink_to(tmp_path / "outside" / "none.tiff")
    (plate / "folder").symlink_to(tmp_path / "outside")
    for name in ("out.tiff", "gone.tiff", "folder/x.tiff"):
        with pytest.raises(
            ValueError, match=r"a link that leaves the plate's folder, to .*outside"
        ):
            _find(plate, name)


def test_a_link_within_the_plate_is_followed(plate):
    (plate / "in.tiff").symlink_to("a.tiff")
    (plate / "hollow.tiff").symlink_to("nothing.tiff")
    assert _find(plate, "in.tiff") == ("in.tiff", "")
    assert _find(plate, "hollow.tiff") == ("hollow.tiff", ABSENT)


def test_a_plate_that_is_a_link_itself_is_read(plate, tmp_path):
    (tmp_path / "linked").symlink_to(plate.parent)
    linked = tmp_path / "linked" / "Images"
    path, problem = ListedFiles(linked, linked.parent).find("a.tiff")
    assert (path, problem) == (f"{linked}/a.tiff", "")


def test_two_names_that_differ_by_case_are_told_apart(plate):
    (plate / "A.tiff").touch()
    assert _find(plate, "a.tiff") == ("a.tiff", "")
    assert _find(plate, "A.TIFF") == ("A.TIFF", ABSENT)


def test_counting_skips_what_is_absent_or_refused(plate):
    assert ListedFiles(plate, plate.parent).count(["a.tiff", "none.tiff", "../a.tiff", ""]) == 1
