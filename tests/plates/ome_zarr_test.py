"""OME-Zarr plates of all versions: metadata by hand, pixels where the library is there."""

import importlib.util
import json

import numpy as np
import pytest

from cellscreen.errors import ConfigError, ImageError, PlateTableError
from cellscreen.plates.ome_zarr import ome_zarr_sign, read_ome_zarr
from cellscreen.plates.zarr_plane import read_zarr_plane

AXES = [{"name": "c"}, {"name": "z"}, {"name": "y", "unit": "micrometer"}]
AXES = [*AXES, {"name": "x", "unit": "micrometer"}]
NO_ZARR = importlib.util.find_spec("zarr") is None


def _json(path, content):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content))


def write_plate(
    root, wells=("A/1", "B/12"), fields=("0", "1"), shape=(2, 3, 4, 5), version="0.4", **plate
):
    """Writes the metadata of a plate, and one chunk an array where there is one plane."""
    is_new = version == "0.5"

    def group(folder, attributes):
        name = "zarr.json" if is_new else ".zattrs"
        wrapped = {"attributes": {"ome": attributes}, "node_type": "group"}
        _json(folder / name, wrapped if is_new else attributes)

    group(root, {"plate": {"wells": [{"path": well} for well in wells], **plate}})
    for well in wells:
        images = [{"path": field, "acquisition": 0} for field in fields]
        group(root / well, {"well": {"images": images}})
        for field in fields:
            scale = [{"type": "scale", "scale": [1, 2, 0.65, 0.65]}]
            dataset = {"path": "0", "coordinateTransformations": scale}
            image = {"axes": AXES, "datasets": [dataset, {"path": "1"}]}
            channels = [{"label": "DNA"}, {"label": "ER"}]
            group(root / well / field, {"multiscales": [image], "omero": {"channels": channels}})
            array = {"shape": list(shape), "dtype": "<u2", "data_type": "uint16"}
            _json(root / well / field / "0" / ("zarr.json" if is_new else ".zarray"), array)
    return root


@pytest.mark.parametrize("version", ["0.4", "0.5"])
def test_planes_become_rows_in_the_order_they_are_stored(tmp_path, version):
    root = write_plate(tmp_path / "BR1.ome.zarr", version=version)
    table = read_ome_zarr(root)
    assert len(table) == 2 * 2 * 2 * 3
    assert table["Metadata_Plate"].unique().tolist() == ["BR1"]
    assert table["Metadata_Well"].unique().tolist() == ["A01", "B12"]
    first = table[(table["Metadata_Well"] == "A01") & (table["Metadata_Site"] == "0")]
    rows = first.sort_values("page")[["page", "channel", "Metadata_Plane"]]
    assert rows.to_numpy().tolist() == [
        [0, "DNA", "1"],
        [1, "DNA", "2"],
        [2, "DNA", "3"],
        [3, "ER", "1"],
        [4, "ER", "2"],
        [5, "ER", "3"],
    ]
    assert first["path"].unique().tolist() == [str(root / "A" / "1" / "0" / "0")]
    assert table["pixel_size_um"].unique().tolist() == [0.65]
    assert "Metadata_acquisition" not in table


def test_plate_has_the_name_in_its_metadata(tmp_path):
    write_plate(tmp_path / "x.zarr", name="BR7")
    write_plate(tmp_path / "y.zarr", wells=["A/1"])
    assert ome_zarr_sign(tmp_path) == "the OME-Zarr plate x.zarr and 1 more"
    assert read_ome_zarr(tmp_path)["Metadata_Plate"].unique().tolist() == ["BR7", "y"]


def test_two_plates_of_one_name(tmp_path):
    write_plate(tmp_path / "x.zarr", name="BR7")
    write_plate(tmp_path / "y.zarr", name="BR7", wells=["C/1"])
    with pytest.raises(PlateTableError, match="Expected one measurement of a plate"):
        read_ome_zarr(tmp_path)


def test_fields_that_are_absent_are_told_by_wells(tmp_path):
    root = write_plate(tmp_path / "P.zarr")
    for file in (root / "B" / "12" / "1").rglob("*.z*"):
        file.unlink()
    table = read_ome_zarr(root)
    absent = table[table["problem"] != ""]
    assert absent[["Metadata_Well", "Metadata_Site", "channel", "path"]].to_numpy().tolist() == [
        ["B12", "1", "DNA", ""],
        ["B12", "1", "ER", ""],
    ]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"wells": ["AZ/1"]}, r"well like A/1 .*got 'AZ/1'"),
        ({"fields": ["x"]}, "expected the number of a field; got 'x'"),
        ({"shape": (4, 5)}, r"axes c, z, y, x of an array \(4, 5\)"),
        ({"shape": (2, -3, 4, 5)}, r"array of the shape \[2, -3, 4, 5\]"),
        ({"wells": ["../A/1"]}, r"path '\.\./A/1': it has '\.\.'"),
        ({"fields": ["../0"]}, r"path '\.\./0': it has '\.\.'"),
    ],
)
def test_metadata_that_cannot_be_right(tmp_path, change, said):
    with pytest.raises(PlateTableError, match=said):
        read_ome_zarr(write_plate(tmp_path / "a" / "P.zarr", **change))


def test_links_that_leave_the_plate(tmp_path):
    root = write_plate(tmp_path / "P.zarr")
    (root / "A" / "1").rename(tmp_path / "well")
    (root / "A" / "1").symlink_to(tmp_path / "well")
    with pytest.raises(PlateTableError, match="a link that leaves the plate"):
        read_ome_zarr(root)


@pytest.mark.parametrize(
    "text", ["{", "[]", '{"plate": 1}', '{"plate": {"wells": [1]}}', "[" * 9999]
)
def test_files_that_are_no_metadata(tmp_path, text):
    (tmp_path / ".zattrs").write_text(text)
    with pytest.raises(PlateTableError, match="Expected the metadata of a "):
        read_ome_zarr(tmp_path)


def test_other_folders_are_none_of_it(tmp_path):
    (tmp_path / "zarr.json").write_text('{"attributes": {"ome": {"multiscales": []}}}')
    (tmp_path / "images").mkdir()
    assert ome_zarr_sign(tmp_path) is None


@pytest.mark.skipif(not NO_ZARR, reason="zarr is installed: what is said without it is not tried")
def test_pixels_without_the_library(tmp_path):
    root = write_plate(tmp_path / "P.zarr")
    with pytest.raises(ConfigError, match=r'library zarr\. .*pip install "cellscreen\[zarr\]"'):
        read_zarr_plane(root / "A" / "1" / "0" / "0", 5)


@pytest.mark.parametrize(
    ("shape", "page", "said"),
    [
        ((2, 3, 4, 5), 6, r"Expected a plane of an array \(2, 3, 4, 5\); got 6"),
        ((1, 1, 1 << 20, 1 << 20), 0, "at most 268435456 pixels; got 1048576 × 1048576"),
    ],
)
def test_pixels_that_are_not_there_or_too_many(tmp_path, shape, page, said):
    root = write_plate(tmp_path / "P.zarr", shape=shape)
    with pytest.raises(ImageError, match=said):
        read_zarr_plane(root / "A" / "1" / "0" / "0", page)
    with pytest.raises(ImageError, match="Expected a Zarr array; the folder holds none"):
        read_zarr_plane(root / "A" / "1", page)


@pytest.mark.skipif(NO_ZARR, reason="needs the extra zarr")
@pytest.mark.parametrize("version", [2, 3])
def test_planes_hold_their_pixels(tmp_path, version):
    import zarr

    pixels = np.arange(2 * 3 * 4 * 5, dtype=np.uint16).reshape(2, 3, 4, 5)
    array = zarr.create_array(
        str(tmp_path / "0"), shape=pixels.shape, dtype="uint16", chunks=(1, 1, 2, 5),
        zarr_format=version,
    )  # fmt: skip
    array[...] = pixels
    plane = read_zarr_plane(tmp_path / "0", 4)
    assert plane.dtype == np.uint16
    np.testing.assert_array_equal(plane, pixels[1, 1])
