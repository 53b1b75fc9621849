"""The section on estimated light, intensity scales and suspicious wells."""

import shutil

import numpy as np
import pandas as pd
import pytest

from cellscreen import commands
from cellscreen.errors import DataError
from cellscreen.images.plate_scale import PlateScale
from cellscreen.images.scale_file import write_scales
from cellscreen.plates.columns import plate_table
from cellscreen.plates.table import write_plate_table
from cellscreen.report.data import ReportData, read_report_data
from cellscreen.report.light import light_and_scale
from cellscreen.report.page import render_page

WELLS = "Metadata_Plate,Metadata_Well,images,flagged,flags,reasons\n"


def _table(**columns):
    rows = {"path": ["a", "b"], "Metadata_Plate": "P", "Metadata_Well": ["A01", "A02"]}
    return plate_table(pd.DataFrame(rows | {"Metadata_Site": "1", "channel": "DNA"} | columns))


@pytest.fixture
def root(tmp_path):
    """A prepared plate: light from 0.5 to 1.5 of the mean, scale from 10 to 900."""
    home = tmp_path / "records" / "P" / "plate_table"
    light = home / "illumination" / "P" / "1_DNA.npy"
    light.parent.mkdir(parents=True)
    np.save(light, np.linspace(0.5, 1.5, 300)[:, None] * np.ones((1, 200), np.float32))
    write_plate_table(_table(illumination=str(light)), home / "plate_table.parquet")
    scale = PlateScale("P", "DNA", 10, 900, "0.01", "99.99", "negcon", 2, False)
    write_scales([scale], home / "plate_scale.csv")
    return tmp_path / "records"


@pytest.fixture
def checked(tmp_path):
    folder = tmp_path / "checked"
    write_plate_table(_table(), folder / "plate_table.parquet")
    told = 'P,A02,2,1,debris 1 (DNA),"site 1 DNA: <specks>"\n'
    (folder / "suspicious_wells.csv").write_text(WELLS + told)
    return folder


def test_light_scale_and_wells_are_on_the_page(root, checked, tmp_path, read_page):
    flags = [f"--plates={root}", f"--checks={checked}", f"--output={tmp_path / 'r.html'}"]
    assert commands.main(["report", *flags]) == 0
    page = read_page((tmp_path / "r.html").read_text("utf-8"))
    (image,) = [attributes for tag, attributes in page.tags if tag == "img"]
    assert image["alt"] == "Light of P, DNA: from 0.50 to 1.50 of the mean."
    assert (image["width"], image["height"]) == ("107", "160")
    assert page.row("light", "P")[1:7] == [
        *("DNA", "10", "900", "0.01 to 99.99", "negative controls", "2"),
    ]
    assert "site 1 DNA: <specks>" in page.text("light")
    assert "SIMULATED" not in page.texts


def test_records_may_move(root, tmp_path):
    moved = shutil.move(root, tmp_path / "elsewhere")
    (plate,) = read_report_data(plates=[moved]).plates
    assert plate.lights["DNA"].shape == (300, 200)


def test_light_of_the_export_and_the_full_range_are_said(root, checked, read_page):
    home = root / "P" / "plate_table"
    table = _table(illumination="/export/illum.npy", Metadata_simulated=True)
    write_plate_table(table, home / "plate_table.parquet")
    (home / "plate_scale.csv").unlink()
    (checked / "suspicious_wells.csv").write_text(WELLS)
    data = read_report_data(plates=[root], checks=[checked])
    assert data.simulated_parts == ["plate P"]
    section = light_and_scale(data)
    assert section.simulated
    text = read_page(render_page("t", [section])).text("light")
    assert "None was estimated" in text
    assert "Full range of the camera's bit depth" in text
    assert "No well of 1 checked plate was suspicious." in text


def test_without_plates_the_section_is_left_out():
    section = light_and_scale(ReportData())
    assert (section.html, "--plates" in section.left_out) == ("", True)


def test_what_cannot_be_read_is_told(root, checked, tmp_path):
    with pytest.raises(DataError, match=r"prepared plates below.*Give the --data_dir"):
        read_report_data(plates=[tmp_path / "nothing"])
    (root / "P" / "plate_table" / "illumination" / "P" / "1_DNA.npy").write_bytes(b"\x93NUMPY")
    with pytest.raises(DataError, match=r"light of a plate as .npy.*1_DNA.npy"):
        read_report_data(plates=[root])
    (checked / "suspicious_wells.csv").write_text("well\nA01\n")
    with pytest.raises(DataError, match=r"Metadata_Plate.*is missing.*check --deep --output"):
        read_report_data(checks=[checked])
