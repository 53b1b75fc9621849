"""DeepProfiler's index: channels by their cells, sites with letters, and what is wrong."""

import pytest

from cellscreen.errors import PlateTableError
from cellscreen.plates.deepprofiler import deepprofiler_sign, read_deepprofiler

HEADER = "Metadata_Plate,Metadata_Well,Metadata_Site,DNA,ER,pert_name"


@pytest.fixture
def project(tmp_path):
    """Writes lines to a project's index, and makes images."""

    def write(*lines, files=("P1/1.tif", "P1/2.tif")):
        (tmp_path / "inputs" / "metadata").mkdir(parents=True, exist_ok=True)
        (tmp_path / "inputs" / "metadata" / "index.csv").write_text("\n".join(lines) + "\n")
        for file in files:
            path = tmp_path / "inputs" / "images" / file
            path.parent.mkdir(parents=True, exist_ok=True)
            path.touch()
        return tmp_path

    return write


def test_columns_of_files_are_channels_and_the_rest_is_metadata(project):
    folder = project(HEADER, "P1,a1,1,P1/1.tif,P1/2.tif,DMSO")
    table = read_deepprofiler(folder)
    images = folder / "inputs" / "images" / "P1"
    assert table["channel"].tolist() == ["DNA", "ER"]
    assert table["path"].tolist() == [str(images / "1.tif"), str(images / "2.tif")]
    assert table["Metadata_Well"].tolist() == ["A01", "A01"]
    assert table["Metadata_pert_name"].tolist() == ["DMSO", "DMSO"]
    assert deepprofiler_sign(folder) == "inputs/metadata/index.csv"
    assert deepprofiler_sign(folder / "inputs") == "metadata/index.csv"


def test_sites_with_letters_keep_their_name(project):
    table = read_deepprofiler(project(HEADER, "P1,A01,f01,P1/1.tif,P1/2.tif,DMSO"))
    assert table["Metadata_Site"].tolist() == ["01", "01"]
    assert table["Metadata_site_name"].tolist() == ["f01", "f01"]


def test_images_elsewhere(project, tmp_path):
    folder = project(HEADER, "P1,A01,1,P1/1.tif,P1/2.tif,DMSO", files=())
    for number in (1, 2):
        (tmp_path / "other" / "P1").mkdir(parents=True, exist_ok=True)
        (tmp_path / "other" / "P1" / f"{number}.tif").touch()
    with pytest.raises(PlateTableError, match=r"None of 2 files is there: .*set replace_root"):
        read_deepprofiler(folder)
    table = read_deepprofiler(folder, [("", str(tmp_path / "other"))])
    assert table["path"][0] == str(tmp_path / "other" / "P1" / "1.tif")


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ([HEADER], "Expected a row a site, and a column of image files a channel"),
        ([HEADER, "P1,A1,1,a,b,DMSO"], "a column of image files a channel"),
        ([HEADER, "P1,A1,x,1.tif,2.tif,DMSO"], r"digits, like 1, with letters .*got 'x'.*line 2"),
        ([HEADER, "P1,A1,1,1.tif,2.tif,D", "P1,A2,1,3.tif,,D"], r"ER .*\(it is empty\).*line 3"),
        ([HEADER, "P1,A1,1,1.tif,2.tif,D", "P1,A2,1,3.tif,4.txt,D"], "ER to be the path .*line 3"),
        ([HEADER, "P1,A1,1,../1.tif,2.tif,D"], r"DNA to be a path without '\.\.'"),
        ([HEADER, "P1,A1,1,1.tif,2.tif,D", "P1,A01,01,3.tif,4.tif,D"], "same plate, well and site"),
        ([HEADER + ",DNA", "P1,A1,1,1.tif,2.tif,D,3.tif"], "Two columns are DNA"),
        ([HEADER + ",", "P1,A1,1,1.tif,2.tif,D,x"], "Column 7 has no name"),
    ],
)
def test_what_is_wrong_with_an_index(project, lines, said):
    with pytest.raises(PlateTableError, match=said):
        read_deepprofiler(project(*lines))


def test_other_index_files_are_none_of_it(tmp_path):
    (tmp_path / "index.csv").write_text("a,b\n")
    assert deepprofiler_sign(tmp_path) is None
    with pytest.raises(PlateTableError, match=r"Expected inputs/metadata/index\.csv with"):
        read_deepprofiler(tmp_path)
