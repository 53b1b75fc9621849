"""CellVoyager measurements: records, errors, channels, and folders that lost their .mlf."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cellscreen.errors import PlateTableError
from cellscreen.plates.listed_files import ABSENT
from cellscreen.plates.usable import problems_by_well
from cellscreen.plates.yokogawa import FAILED, parse_yokogawa, read_yokogawa, yokogawa_sign

SCHEMA = 'xmlns:bts="http://www.yokogawa.co.jp/BTS/BTSSchema/1.0"'
HEAD = '<?xml version="1.0" encoding="utf-8"?>\n'
MRF = f"""{HEAD}<bts:MeasurementDetail bts:MeasurementSettingFileName="S.mes" {SCHEMA}>
<bts:MeasurementSamplePlate bts:Name="P1"/>
<bts:MeasurementChannel bts:Ch="1" bts:HorizontalPixelDimension="0.65" bts:InputBitDepth="16"/>
<bts:MeasurementChannel bts:Ch="2" bts:HorizontalPixelDimension="1.3" bts:InputBitDepth="?"/>
</bts:MeasurementDetail>"""
MES = f"""{HEAD}<bts:MeasurementSetting {SCHEMA}><bts:ChannelList>
<bts:Channel bts:Ch="1" bts:Target="DNA" bts:ExposureTime="50"/>
<bts:Channel bts:Ch="2" bts:Target="ER" bts:ExposureTime=""/>
</bts:ChannelList></bts:MeasurementSetting>"""


def name_of(row=1, col=1, field=1, z=1, time=1, ch=1, plate="P1"):
    well = f"{'ABCDEFGHIJKLMNOP'[row - 1]}{col:02d}"
    return f"{plate}_{well}_T{time:04d}F{field:03d}L01A01Z{z:02d}C{ch:02d}.tif"


def record(row=1, col=1, field=1, z=1, time=1, ch=1, kind="IMG", text=None, **more):
    """One record of an `.mlf`; None takes an attribute away."""
    values = {"Type": kind, "Row": row, "Column": col, "FieldIndex": field, "ZIndex": z}
    values |= {"TimePoint": time, "Ch": ch, "X": "-1.5", "Y": "2", "Z": "8.5", **more}
    text = name_of(row, col, field, z, time, ch) if text is None else text
    attributes = " ".join(f'bts:{k}="{v}"' for k, v in values.items() if v is not None)
    return f"<bts:MeasurementRecord {attributes}>{text}</bts:MeasurementRecord>"


@pytest.fixture
def write(tmp_path):
    """Writes a measurement, and an empty file for each image that its records name."""

    def write_measurement(*records, mrf=MRF, mes=MES, folder=".", absent=()):
        place = tmp_path / folder
        place.mkdir(parents=True, exist_ok=True)
        body = "\n".join(records)
        text = f"{HEAD}<bts:MeasurementData {SCHEMA}>\n{body}\n</bts:MeasurementData>"
        (place / "MeasurementData.mlf").write_text(text, encoding="utf-8")
        for name, content in (("MeasurementDetail.mrf", mrf), ("S.mes", mes)):
            if content:
                (place / name).write_text(content, encoding="utf-8")
        for name in re.findall(r">([^<>/]+\.tif)<", text):
            if name not in absent:
                (place / name).touch()
        return tmp_path

    return write_measurement


def _values(table, *names):
    return table[list(names)].to_numpy().tolist()


@given(
    plate=st.from_regex(r"[A-Za-z0-9][A-Za-z0-9_ -]{0,9}", fullmatch=True),
    row=st.sampled_from(["A", "P", "AA", "AF"]),
    column=st.integers(1, 48),
    time=st.integers(1, 9999),
    field=st.integers(1, 999),
    plane=st.integers(1, 99),
    channel=st.integers(1, 99),
    extension=st.sampled_from(["tif", "TIF", "png", "jxl", "tiff"]),
)
def test_every_name_of_the_grammar_is_read(
    plate, row, column, time, field, plane, channel, extension
):
    tail = f"T{time:04d}F{field:03d}L02A03Z{plane:02d}C{channel:02d}.{extension}"
    assert parse_yokogawa(f"{plate}_{row}{column:02d}_{tail}") == {
        "Metadata_Plate": plate,
        "Metadata_Well": f"{row}{column:02d}",
        "Metadata_Site": str(field),
        "Metadata_Plane": str(plane),
        "Metadata_Timepoint": str(time),
        "channel": str(channel),
    }


@pytest.mark.parametrize(
    "name",
    [
        "DC_DCAM#1_CAM3.tif",
        "SC_BP445-45_40x_M10_CH01.tif",
        "P1_A00_T0001F001L01A01Z01C01.tif",
        "P1_A01_T001F001L01A01Z01C01.tif",
        "P1_A01_s1_w1.tif",
    ],
)
def test_other_names_are_not(name):
    assert parse_yokogawa(name) is None


def test_a_measurement_with_all_its_files(write):
    table = read_yokogawa(write(record(row=2, col=11, field=3), record(ch=2)))
    first, second = table.to_dict("records")
    assert first.pop("path").endswith("/P1_A01_T0001F001L01A01Z01C02.tif")
    assert (first["channel"], first["pixel_size_um"]) == ("ER", 1.3)
    assert first["exposure_s"] != first["exposure_s"]
    assert second.pop("path").endswith("/P1_B11_T0001F003L01A01Z01C01.tif")
    assert second == {
        "Metadata_Plate": "P1",
        "Metadata_Well": "B11",
        "Metadata_Site": "3",
        "Metadata_Plane": "",
        "Metadata_Timepoint": "",
        "channel": "DNA",
        "bit_depth": 16,
        "pixel_size_um": 0.65,
        "position_x_um": -1.5,
        "position_y_um": 2,
        "position_z_um": 8.5,
        "exposure_s": 0.05,
        "problem": "",
    }


def test_planes_and_times_are_kept_in_order(write):
    places = [(time, z) for time in (10, 2) for z in (2, 1)]
    table = read_yokogawa(write(*(record(time=time, z=z) for time, z in places)))
    names = ("Metadata_Timepoint", "Metadata_Plane")
    assert _values(table, *names) == [["2", "1"], ["2", "2"], ["10", "1"], ["10", "2"]]


@pytest.mark.parametrize("prefix", ["bts:", "", "other:"])
def test_any_namespace_will_do(write, prefix):
    folder = write(record())
    for path in (
        folder / "MeasurementData.mlf",
        folder / "S.mes",
        folder / "MeasurementDetail.mrf",
    ):
        text = path.read_text().replace("xmlns:bts", f"xmlns:{prefix[:-1]}" if prefix else "xmlns")
        path.write_text(text.replace("bts:", prefix))
    assert read_yokogawa(folder)["channel"].tolist() == ["DNA"]


def test_without_settings_channels_have_numbers(write):
    table = read_yokogawa(write(record(), record(ch=12), mes="", mrf=""))
    assert table["channel"].tolist() == ["C01", "C12"]
    assert "pixel_size_um" not in table


def test_one_target_twice_is_told_apart_and_none_is_a_number(write):
    mes = MES.replace('"ER"', '"DNA"').replace("</bts:ChannelList>", '<bts:Channel bts:Ch="3"/>'
                                               "</bts:ChannelList>")  # fmt: skip
    table = read_yokogawa(write(record(), record(ch=2), record(ch=3), mes=mes))
    assert table["channel"].tolist() == ["DNA C01", "DNA C02", "C03"]


def test_the_settings_that_the_details_name_are_read(write, caplog):
    folder = write(record())
    (folder / "other.mes").write_text(MES.replace("DNA", "wrong"))
    assert read_yokogawa(folder)["channel"].tolist() == ["DNA"]
    (folder / "S.mes").rename(folder / "A.mes")
    assert read_yokogawa(folder)["channel"].tolist() == ["C01"]
    assert "several .mes files, none of them 'S.mes'" in caplog.text


def test_channels_get_the_labs_names(write):
    assert read_yokogawa(write(record()), {"dna": "OrigNuclei"})["channel"].tolist() == ["Nuclei"]


def test_errors_are_listed_unless_the_image_was_taken_after_all(write, caplog):
    table = read_yokogawa(
        write(
            record(),
            record(col=2, kind="ERR", text="Autofocus error"),
            record(col=3, kind="ERR", text=""),
            record(col=3),
            record(col=4, kind="ERR", FieldIndex=None),
            record(col=4, kind="ERR", FieldIndex=None),
            record(kind="ERR", Row=None),
            record(kind="LOG", Row=None),
        )
    )
    assert _values(table, "Metadata_Well", "problem") == [
        ["A01", ""],
        ["A02", f"{FAILED}: Autofocus error"],
        ["A03", ""],
    ]
    assert problems_by_well(table)["Metadata_Well"].tolist() == ["A02"]
    assert "errors that name no image, in wells A04 (2), unknown (1)." in caplog.text


def test_files_that_are_absent_stay_with_a_problem(write, caplog):
    table = read_yokogawa(write(record(), record(col=2), absent=[name_of(col=2)]))
    assert _values(table, "Metadata_Well", "problem") == [["A01", ""], ["A02", ABSENT]]
    assert f"Plate P1: 1 of 2 images: {ABSENT}: A02 (1)." in caplog.messages


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("../a.tif", r"it has '\.\.'"),
        ("/a.tif", "it is absolute"),
        ("http://a/b.tif", "it is an address"),
    ],
)
def test_names_that_lead_elsewhere_are_refused(write, name, reason):
    with pytest.raises(PlateTableError, match=rf"got '{name}': {reason}.*Data\.mlf"):
        read_yokogawa(write(record(text=name)))


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({"Row": None}, "it has no Row"),
        ({"Ch": "one"}, "Ch is 'one'"),
        ({"Row": "40"}, "a row from 1 to 32"),
        ({"FieldIndex": "-1"}, "FieldIndex is '-1'"),
    ],
)
def test_records_that_tell_no_place_are_told(write, more, message):
    with pytest.raises(PlateTableError, match=message):
        read_yokogawa(write(record(**more)))


def test_two_files_for_one_image_are_both_named(write):
    with pytest.raises(PlateTableError, match=r"Two files .*a\.tif and .*b\.tif"):
        read_yokogawa(write(record(text="a.tif"), record(text="b.tif")))


def test_plates_in_folders_of_their_own(write):
    write(record(), folder="one")
    folder = write(record(text=name_of(plate="P2")), folder="two")
    assert read_yokogawa(folder)["Metadata_Plate"].tolist() == ["P1", "P2"]
    write(record(), folder="two")
    with pytest.raises(PlateTableError, match=r"one measurement of a plate.*one\..*two, plate P1"):
        read_yokogawa(folder)


def test_other_names_take_the_plate_of_the_details_or_the_folder(write):
    table = read_yokogawa(write(record(text="x.tif"), folder="m"))
    assert table["Metadata_Plate"].tolist() == ["P1"]
    folder = write(record(text="x.tif"), folder="m")
    (folder / "m" / "MeasurementDetail.mrf").unlink()
    table = read_yokogawa(folder)
    assert table["Metadata_Plate"].tolist() == ["m"]


def test_without_an_mlf_the_names_are_read(tmp_path):
    for name in (name_of(), name_of(ch=2, plate="Plättchen"), "DC_DCAM#1_CAM3.tif"):
        (tmp_path / name.replace(".tif", ".TIF")).touch()
    (tmp_path / "S.mes").write_text(MES)
    table = read_yokogawa(tmp_path)
    assert _values(table, "Metadata_Plate", "channel") == [["P1", "DNA"], ["Plättchen", "ER"]]
    assert yokogawa_sign(tmp_path).startswith("Yokogawa names like P")


def test_bombs_cuts_and_empty_lists_are_told(write):
    folder = write(record())
    path = folder / "MeasurementData.mlf"
    whole = path.read_text()
    bomb = whole.replace("<bts:Meas", '<!DOCTYPE a [<!ENTITY b "b">]><bts:Meas', 1)
    for text, message in (
        (bomb, "without a document type or entities"),
        (whole[:-40], r"Expected whole XML.*Data\.mlf, line \d"),
        ("", "got an empty file"),
        (f"<d {SCHEMA}/>", "Expected images; the export has none"),
    ):
        path.write_text(text)
        with pytest.raises(PlateTableError, match=message):
            read_yokogawa(folder)
    assert yokogawa_sign(folder) == "Yokogawa's MeasurementData.mlf"


def test_other_folders_show_no_sign(tmp_path):
    (tmp_path / "a.tif").touch()
    assert yokogawa_sign(tmp_path) is None
    with pytest.raises(PlateTableError, match="Expected images; the export has none"):
        read_yokogawa(tmp_path)
