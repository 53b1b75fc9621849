"""What `cellscreen check` says of bad input: each case as a user meets it, by its message."""

import os
import re

import numpy as np
import pytest
import tifffile

from cellscreen import commands

TEMPLATE = "--template={plate}/{well}_{site}_{channel}.tif"
IMAGE = np.arange(48, dtype=np.uint8).reshape(6, 8)
V5 = "http://www.perkinelmer.com/PEHH/HarmonyV5"


@pytest.fixture
def export(tmp_path):
    """The plate P of 4 wells with 2 channels, as P/A01_1_DNA.tif."""
    folder = tmp_path / "export" / "P"
    folder.mkdir(parents=True)
    for well in ("A01", "A02", "B01", "B02"):
        for channel in ("DNA", "ER"):
            tifffile.imwrite(folder / f"{well}_1_{channel}.tif", IMAGE)
    return folder


@pytest.fixture
def check(capsys, tmp_path):
    """Checks `tmp_path`/export; returns status and all that is said, on lines of one space."""

    def run(*flags, images="export"):
        status = commands.main(["check", f"--images={tmp_path / images}", *flags])
        out, err = capsys.readouterr()
        return status, re.sub(r"\s+", " ", out + err)

    return run


def harmony(folder, url, text=""):
    """Writes an index of one image beside it."""
    folder.mkdir(parents=True, exist_ok=True)
    image = f"<URL>{url}</URL><State>Ok</State><Row>1</Row><Col>2</Col><FieldID>1</FieldID>"
    image += "<PlaneID>1</PlaneID><TimepointID>0</TimepointID><ChannelID>1</ChannelID>"
    image += "<ChannelName>DNA</ChannelName><MaxIntensity>255</MaxIntensity>"
    plate = "<Plates><Plate><PlateID>P</PlateID></Plate></Plates>"
    index = f'<EvaluationInputData xmlns="{V5}">{plate}<Images><Image>{image}</Image></Images>'
    (folder / "Index.idx.xml").write_text(f"{text}{index}</EvaluationInputData>")
    return folder


def test_whole_plate_is_fine(export, check):
    status, said = check(TEMPLATE)
    assert status == 0
    assert "8 images, 4 wells, 1 plate" in said
    assert "0 errors, 0 warnings" in said


def test_xml_bomb(tmp_path, check):
    bomb = '<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;&a;">]>'
    harmony(tmp_path / "export", "&b;", bomb)
    status, said = check()
    assert status == 1
    assert re.search(r"document type.*Index\.idx\.xml", said)


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("../../secret.tiff", r"\.\."),
        ("/etc/passwd.tiff", "absolute"),
        ("http://example.org/a.tiff", "address"),
        ("link.tiff", "link that leaves the plate"),
    ],
)
def test_url_that_leads_elsewhere(tmp_path, check, url, reason):
    tifffile.imwrite(tmp_path / "secret.tiff", IMAGE)
    folder = harmony(tmp_path / "export", url)
    (folder / "link.tiff").symlink_to(tmp_path / "secret.tiff")
    status, said = check()
    assert status == 1
    assert re.search(reason, said)
    assert "Index.idx.xml" in said
    assert "A02" in said


def test_truncated_tiff(export, check):
    path = export / "A02_1_ER.tif"
    path.write_bytes(path.read_bytes()[:-9])
    status, said = check(TEMPLATE)
    assert status == 1
    assert "Errors (1)" in said
    assert re.search(r"cut.*plate P, well A02, file P/A02_1_ER\.tif", said)


def test_header_that_lies_about_its_size(export, check):
    path = export / "B01_1_DNA.tif"
    data = path.read_bytes()
    with tifffile.TiffFile(path) as tiff:
        places = [tiff.pages[0].tags[name].valueoffset for name in ("ImageWidth", "ImageLength")]
    for place in places:
        data = data[:place] + (60000).to_bytes(2, "little") + data[place + 2 :]
    path.write_bytes(data)
    status, said = check(TEMPLATE, "--deep")
    assert status == 1
    assert re.search(r"promises 60000×60000 pixels.*plate P, well B01, file P/B01_1_DNA\.tif", said)


def test_images_of_0_bytes(export, check):
    (export / "A01_1_DNA.tif").write_bytes(b"")
    status, said = check(TEMPLATE)
    assert status == 1
    assert re.search(r"the file has 0 bytes\..*plate P, well A01, file P/A01_1_DNA\.tif", said)


def test_mixed_sizes(export, check):
    tifffile.imwrite(export / "B02_1_ER.tif", np.zeros((9, 9), np.uint8))
    status, said = check(TEMPLATE)
    assert status == 1
    assert "Size 9x9 px, where most of the plate has 8x6: one plate, one size." in said
    assert "well B02, file P/B02_1_ER.tif" in said


def test_mixed_types(export, check):
    tifffile.imwrite(export / "B02_1_ER.tif", np.zeros((6, 8), np.uint16))
    status, said = check(TEMPLATE, "--bit_depth=12")
    assert status == 0
    assert "Type gray uint16 of 12 bits, where most of channel ER is gray uint8 of 12 bits" in said
    assert "well B02" in said


def test_mixed_bit_depths(tmp_path, check):
    folder = tmp_path / "export"
    folder.mkdir()
    lines = ["path,plate,well,site,bit_depth"]
    for number in range(1, 5):
        tifffile.imwrite(folder / f"{number}.tif", IMAGE.astype(np.uint16))
        lines.append(f"{number}.tif,P,A0{number},1,{16 if number == 3 else 12}")
    (folder / "images.csv").write_text("\n".join(lines))
    status, said = check()
    assert status == 0
    assert "Type gray uint16 of 16 bits, where most of the plate is gray uint16 of 12" in said
    assert "plate P, well A03" in said


def test_two_files_for_one_image(export, check):
    tifffile.imwrite(export / "A1_1_DNA.tif", IMAGE)
    status, said = check(TEMPLATE)
    assert status == 1
    assert "Two files for one image (site 1, channel DNA)" in said
    assert "A01_1_DNA.tif" in said
    assert "A1_1_DNA.tif" in said
    assert "plate P, well A01" in said


def test_channel_missing_in_a_well(export, check):
    (export / "B01_1_ER.tif").unlink()
    status, said = check(TEMPLATE)
    assert status == 0, "a warning: what needs both channels refuses, the other trains"
    assert re.search(r"Warnings \(1\) Channel ER is missing at site 1\. plate P, well B01", said)


def test_two_plates_with_one_barcode(export, tmp_path, check):
    export.rename(export.with_name("2024_BR1_a"))
    (tmp_path / "export" / "2024_BR1_b").mkdir()
    tifffile.imwrite(tmp_path / "export" / "2024_BR1_b" / "A01_1_DNA.tif", IMAGE)
    (tmp_path / "map.csv").write_text("plate,well,pert_iname\nBR1,A01,x\n")
    status, said = check(TEMPLATE, f"--platemap={tmp_path / 'map.csv'}")
    assert status == 1
    assert "BR1" in said
    assert "2024_BR1_a" in said
    assert "2024_BR1_b" in said


def test_map_of_another_plate_size(export, tmp_path, check):
    wells = [f"{row}{column}" for row in "ABCDEFGHIJKLMNOP" for column in range(1, 25)]
    lines = [f"{well},{'DMSO' if well < 'B' else 'x'},1" for well in wells]
    (tmp_path / "map.csv").write_text("\n".join(["well,drug,um", *lines]))
    for row in "ABCDEFGH":
        for column in range(1, 13):
            tifffile.imwrite(export / f"{row}{column:02d}_1_DNA.tif", IMAGE)
            tifffile.imwrite(export / f"{row}{column:02d}_1_ER.tif", IMAGE)
    flags = [TEMPLATE, f"--platemap={tmp_path / 'map.csv'}", "--negcon_names=DMSO"]
    status, said = check(*flags)
    assert status == 1
    assert "96" in said
    assert "384" in said


def test_unit_that_is_missing(export, tmp_path, check):
    (tmp_path / "map.csv").write_text("well,drug,dose\nA01,DMSO,0\nA02,x,5\nB01,y,1\nB02,y,1\n")
    status, said = check(TEMPLATE, f"--platemap={tmp_path / 'map.csv'}")
    assert status == 1
    assert re.search(r"unit.*map\.csv", said)
    flags = [TEMPLATE, f"--platemap={tmp_path / 'map.csv'}", "--negcon_names=DMSO"]
    assert check(*flags, "--concentration_unit=uM")[0] == 0


def test_paths_beyond_ascii_and_extensions_in_capitals(export, tmp_path, check):
    for path in sorted(export.iterdir()):
        path.rename(path.with_suffix(".TIF"))
    export.rename(export.with_name("Plaque-é-心"))
    (tmp_path / "export").rename(tmp_path / "Données µM")
    flags = [TEMPLATE, f"--output={tmp_path / 'geprüft'}", "--deep"]
    status, said = check(*flags, images="Données µM")
    assert status == 0, said
    assert "Plaque-é-心" in said
    assert (tmp_path / "geprüft" / "quality.csv").read_text("utf-8").count("Plaque-é-心/A01/1") == 2


def test_folder_of_images_that_must_not_be_written_to(export, tmp_path, check):
    before = sorted(path.name for path in tmp_path.rglob("*"))
    export.chmod(0o555)
    try:
        assert check(TEMPLATE, "--deep")[0] == 0
    finally:
        export.chmod(0o755)
    assert sorted(path.name for path in tmp_path.rglob("*")) == before


def test_output_that_cannot_be_written(export, tmp_path, check, monkeypatch):
    def refused(*_, **__):
        raise PermissionError(13, "Permission denied", str(tmp_path / "out"))

    monkeypatch.setattr(os, "replace", refused)
    status, said = check(TEMPLATE, f"--output={tmp_path / 'out'}")
    assert status == 2
    assert re.search(r"cellscreen check: .*Permission denied.*out", said)
    assert not list((tmp_path / "out").iterdir()), "a half-written file is left"
