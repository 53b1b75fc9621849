"""Harmony's indexes of all versions, with what laboratories do to them."""

import json
import logging
import re
import subprocess
import sys

import pytest

from cellscreen.errors import PlateTableError
from cellscreen.plates.harmony import harmony_sign, plate_of_folder, read_harmony
from cellscreen.plates.listed_files import ABSENT, NO_FILE
from cellscreen.plates.usable import problems_by_well, usable

V1 = "http://www.perkinelmer.com/PEHH/HarmonyV1"
V5 = "http://www.perkinelmer.com/PEHH/HarmonyV5"
V7 = "43B2A954-E3C3-47E1-B392-6635266B0DD3/HarmonyV7"
MEASURED = "BR1__2024-01-31T10_00_00-Measurement1"
PROFILE = "{Background: {Character: Flat, Mean: NaN}, ChannelName: Alexa 488}"
OF_A_CHANNEL = {
    "ChannelName": "Alexa 488",
    "ImageResolutionX": ("m", "5.9E-07"),
    "MaxIntensity": "65535",
    "ExposureTime": ("s", "0.04"),
}


def _elements(values):
    for name, value in values.items():
        unit, text = value if isinstance(value, tuple) else (None, value)
        attribute = f' Unit="{unit}"' if unit else ""
        yield f"<{name}{attribute}>{text}</{name}>"


def image(row=1, col=1, field=1, plane=1, time=0, channel=1, **more):
    """One `Image` of an index, of which `more` overrides or adds children."""
    values = {
        "State": "Ok",
        "URL": f"r{row:02d}c{col:02d}f{field:02d}p{plane:02d}-ch{channel}sk{time + 1}fk1fl1.tiff",
        "Row": row,
        "Col": col,
        "FieldID": field,
        "PlaneID": plane,
        "TimepointID": time,
        "ChannelID": channel,
        "PositionX": ("m", "-0.0001"),
        "PositionZ": ("m", "-3E-06"),
        **more,
    }
    return f'<Image Version="1">{"".join(_elements(values))}</Image>'


def full_image(channel=1, **more):
    """One `Image` as up to V5, with its channel's description."""
    return image(channel=channel, **{**OF_A_CHANNEL, **more})


def entry(channel, **more):
    """One `Entry` of `Maps/Map`, as in V7."""
    return f'<Entry ChannelID="{channel}">{"".join(_elements({**OF_A_CHANNEL, **more}))}</Entry>'


def index(*images, maps="", namespace=V5, name="BR1"):
    return (
        f'<?xml version="1.0" encoding="utf-8"?>\n<EvaluationInputData xmlns="{namespace}">\n'
        f"<Plates><Plate><PlateID>{name}</PlateID><Name>{name}</Name>"
        "<MeasurementStartTime>2024-01-31T10:00:00</MeasurementStartTime></Plate></Plates>\n"
        '<Wells><Well><id>0101</id><Image id="0101K1F1P1R1" /></Well></Wells>\n'
        f"<Maps>{maps}</Maps>\n<Images>\n" + "\n".join(images) + "\n</Images></EvaluationInputData>"
    )


@pytest.fixture
def write(tmp_path):
    """Writes an index, and an empty file for each image that it lists without an accent."""

    def write_measurement(
        text, folder=f"{MEASURED}/Images", file="Index.idx.xml", images="", absent=(), bom=False
    ):
        place = tmp_path / folder
        (place / images).mkdir(parents=True, exist_ok=True)
        (place / file).write_text(text, encoding="utf-8-sig" if bom else "utf-8")
        for url in re.findall(r"<URL>([^</]+\.tiff)</URL>", text):
            if url not in absent:
                (place / images / url).touch()
        return tmp_path

    return write_measurement


def _values(table, *names):
    return table[list(names)].to_numpy().tolist()


def test_an_index_with_all_in_its_images(write):
    maps = f'<Map><Entry ChannelID="1"><FlatfieldProfile>{PROFILE}</FlatfieldProfile></Entry></Map>'
    table = read_harmony(write(index(full_image(row=2, col=11, field=3), maps=maps)))
    (row,) = table.to_dict("records")
    assert row.pop("path").endswith(f"{MEASURED}/Images/r02c11f03p01-ch1sk1fk1fl1.tiff")
    assert json.loads(row.pop("flatfield"))["Background"] == {"Character": "Flat", "Mean": None}
    assert row.pop("pixel_size_um") == pytest.approx(0.59)
    assert row.pop("position_x_um") == pytest.approx(-100)
    assert row.pop("position_z_um") == pytest.approx(-3)
    assert row == {
        "Metadata_Plate": "BR1",
        "Metadata_Well": "B11",
        "Metadata_Site": "3",
        "Metadata_Plane": "",
        "Metadata_Timepoint": "",
        "channel": "Alexa 488",
        "bit_depth": 16,
        "Metadata_measurement": "2024-01-31T10_00_00-Measurement1",
        "sensor_max": 65535,
        "exposure_s": 0.04,
        "problem": "",
    }


def test_v7_keeps_channels_apart_and_may_lie_above_its_images_with_a_bom(write):
    maps = f"<Map>{entry(1)}{entry(2, ChannelName='DNA', MaxIntensity='65536')}</Map>"
    maps = f'<Map><Entry ChannelID="2"><FlatfieldProfile>[1]</FlatfieldProfile></Entry></Map>{maps}'
    text = index(image(channel=1, time=1), image(channel=2, time=1), maps=maps, namespace=V7)
    folder = write(text, folder=MEASURED, file="Index.xml", images="Images", bom=True)
    for place in (folder, folder / MEASURED, folder / MEASURED / "Images"):
        assert harmony_sign(place).startswith("Harmony's ")
        table = read_harmony(place)
        assert _values(table, "channel", "sensor_max") == [["Alexa 488", 65535], ["DNA", 65535]]
        assert table["path"].str.contains(f"/{MEASURED}/Images/r01").all()
        assert (table["problem"] == "").all()
        assert table["flatfield"].fillna("").tolist() == ["", "[1]"]


@pytest.mark.parametrize("namespace", [V1, V5, V7])
def test_known_versions_read_alike_without_a_warning(write, namespace, caplog):
    folder = write(index(full_image(), namespace=namespace))
    assert read_harmony(folder)["channel"].tolist() == ["Alexa 488"]
    assert not caplog.messages


@pytest.mark.parametrize("namespace", [V5.replace("V5", "V6"), V5.replace("V5", "V12"), "none"])
def test_other_versions_are_read_with_a_warning(write, namespace, caplog):
    folder = write(index(full_image(), namespace=namespace))
    assert read_harmony(folder)["channel"].tolist() == ["Alexa 488"]
    assert re.search(r"Harmony version (6|12|unknown) has not been tried", caplog.text)


def test_channels_may_be_described_in_channel_elements_with_prefixed_names(write):
    text = index(image(channel=2), maps='<Channel id="2"><ChannelName>ER</ChannelName></Channel>')
    text = re.sub(r"<(/?)(?=[A-Z])", r"<\1h:", text).replace("xmlns=", "xmlns:h=")
    folder = write(text)
    (folder / MEASURED / "Images" / "r01c01f01p01-ch2sk1fk1fl1.tiff").touch()
    assert _values(read_harmony(folder), "channel", "problem") == [["ER", ""]]


def test_a_channel_without_a_name_is_its_number_and_one_name_twice_is_told_apart(write, caplog):
    same = [full_image(channel=number) for number in (1, 2)]
    table = read_harmony(write(index(*same, image(channel=3))))
    assert table["channel"].tolist() == ["Alexa 488 ch1", "Alexa 488 ch2", "ch3"]
    assert "Several channels are called 'Alexa 488'" in caplog.text


def test_channels_get_the_labs_names(write):
    folder = write(index(full_image()))
    assert read_harmony(folder, {"Alexa 488": "OrigER"})["channel"].tolist() == ["ER"]
    with pytest.raises(PlateTableError, match="the channel map lacks 'Alexa 488'"):
        read_harmony(folder, {"Alexa 568": "OrigAGP"})


def test_planes_and_timepoints_are_kept_and_times_count_from_one(write):
    images = [full_image(plane=p, time=t, MeasurementTimeOffset=("s", 1800 * t)) for t in (0, 1)
              for p in (1, 2)]  # fmt: skip
    table = read_harmony(write(index(*images)))
    assert _values(table, "Metadata_Timepoint", "Metadata_Plane", "elapsed_hours") == [
        ["1", "1", 0],
        ["1", "2", 0],
        ["2", "1", 0.5],
        ["2", "2", 0.5],
    ]


def test_times_that_count_from_one_stay(write):
    table = read_harmony(write(index(full_image(time=1), full_image(time=2))))
    assert table["Metadata_Timepoint"].tolist() == ["1", "2"]


def test_failed_and_absent_images_stay_with_their_reason(write, caplog):
    absent = "r01c01f02p01-ch1sk1fk1fl1.tiff"
    text = index(
        full_image(),
        full_image(field=2),
        full_image(col=2, State="Error", URL=""),
        full_image(col=3, State="Failed"),
    )
    table = read_harmony(write(text, absent=[absent]))
    assert _values(table, "Metadata_Well", "Metadata_Site", "problem") == [
        ["A01", "1", ""],
        ["A01", "2", ABSENT],
        ["A02", "1", f"Harmony's state is 'Error'; {NO_FILE}"],
        ["A03", "1", "Harmony's state is 'Failed'"],
    ]
    assert len(usable(table)) == 1
    assert problems_by_well(table)["Metadata_Well"].tolist() == ["A01", "A02", "A03"]
    assert f"Plate BR1: 1 of 4 images: {ABSENT}: A01 (1)." in caplog.messages


def test_an_index_without_any_of_its_images_is_read(write):
    images = [full_image(col=col) for col in (1, 2)]
    absent = re.findall("<URL>(.*?)</URL>", "".join(images))
    table = read_harmony(write(index(*images), absent=absent))
    assert table["problem"].tolist() == [ABSENT, ABSENT]


def test_extensions_in_another_case_and_names_beyond_ascii_are_found(write, tmp_path):
    folder = write(index(full_image(), name="Plättchen µ"), folder="Großer Schirm/Images")
    image_file = folder / "Großer Schirm/Images/r01c01f01p01-ch1sk1fk1fl1.tiff"
    image_file.rename(image_file.with_suffix(".TIFF"))
    table = read_harmony(folder)
    assert _values(table, "Metadata_Plate", "problem") == [["Plättchen µ", ""]]
    assert table["path"][0].endswith("fl1.TIFF")


def test_pages_of_one_file_are_told_apart(write):
    text = index(full_image(URL="a.tiff"), full_image(plane=2, URL="a.tiff"))
    with pytest.raises(PlateTableError, match=r"One file for two images .*a\.tiff"):
        read_harmony(write(text))
    for number in ("0", "1"):
        text = text.replace("<URL>", f'<URL BufferNo="{number}">', 1)
    table = read_harmony(write(text))
    assert _values(table, "Metadata_Plane", "page") == [["1", 0], ["2", 1]]


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("../other/a.tiff", r"it has '\.\.'"),
        ("/data/a.tiff", "it is absolute"),
        ("http://example.org/a.tiff", "it is an address"),
        ("C:\\a.tiff", "a drive"),
    ],
)
def test_a_url_that_leads_elsewhere_is_refused(write, url, reason):
    text = rf"{re.escape(repr(url))}: .*{reason}.*Index\.idx\.xml, plate BR1, well B01"
    with pytest.raises(PlateTableError, match=text):
        read_harmony(write(index(full_image(row=2, URL=url))))


def test_a_link_that_leaves_the_plate_is_refused_with_its_file(write, tmp_path):
    folder = write(index(full_image()))
    secret = tmp_path / "secret.tiff"
    secret.touch()
    link = folder / MEASURED / "Images" / "r01c01f01p01-ch1sk1fk1fl1.tiff"
    link.unlink()
    link.symlink_to(secret)
    with pytest.raises(PlateTableError, match=r"r01c01f01p01-ch1.*leaves the plate.*secret\.tiff"):
        read_harmony(folder)


def test_two_images_of_one_place_are_both_named(write):
    text = index(full_image(URL="a.tiff"), full_image(URL="b.tiff"))
    with pytest.raises(PlateTableError, match=r"Two files .*channel Alexa 488.*a\.tiff and .*b\.t"):
        read_harmony(write(text))


def test_two_measurements_of_a_plate_are_an_error_naming_both(write):
    write(index(full_image()))
    again = MEASURED.replace("Measurement1", "Measurement2")
    folder = write(index(full_image()), folder=f"{again}/Images")
    with pytest.raises(PlateTableError, match=r"one measurement.*Measurement1\..*Measurement2, pl"):
        read_harmony(folder)
    assert read_harmony(folder / again)["Metadata_measurement"][0].endswith("Measurement2")


def test_several_plates_make_one_table(write):
    write(index(full_image(), full_image(plane=2)))
    folder = write(index(full_image(), name="BR2"), folder="BR2__2024-Measurement 1/Images")
    table = read_harmony(folder)
    assert _values(table, "Metadata_Plate", "Metadata_Plane") == [
        ["BR1", "1"],
        ["BR1", "2"],
        ["BR2", ""],
    ]
    assert harmony_sign(folder).endswith("Index.idx.xml and 1 more")


def test_the_folder_names_the_plate_and_says_if_the_index_differs(write, caplog):
    table = read_harmony(write(index(full_image(), name="old name")))
    assert table["Metadata_Plate"].tolist() == ["BR1"]
    assert "the index calls plate BR1 old name" in caplog.text


def test_in_other_folders_the_index_names_plate_and_measurement(write):
    table = read_harmony(write(index(full_image()), folder="copy of it"))
    names = ("Metadata_Plate", "Metadata_measurement")
    assert _values(table, *names) == [["BR1", "2024-01-31T10:00:00"]]


def test_one_of_two_indexes_of_a_measurement_is_read(write, caplog):
    write(index(full_image()))
    folder = write(index(full_image(), full_image(col=2)), file="Index.ref.xml")
    with caplog.at_level(logging.INFO):
        assert len(read_harmony(folder)) == 1
    assert "Index.ref.xml is not" in caplog.text


@pytest.mark.parametrize("part", ["Row", "Col", "FieldID", "ChannelID", "TimepointID"])
@pytest.mark.parametrize("text", ["-1", "one", "1.0"])
def test_a_place_that_is_no_number_is_told(write, part, text):
    with pytest.raises(PlateTableError, match=rf"Image r01c01.*whole number; got '{text}'"):
        read_harmony(write(index(full_image(**{part: text}))))


@pytest.mark.parametrize(
    ("part", "value", "message"),
    [
        ("Row", "33", "a row from 1 to 32"),
        ("FieldID", "", "whole number; got ''"),
        ("PositionX", ("m", "left"), "Expected PositionX to be a number; got 'left'"),
        ("PositionX", ("parsec", "1"), "PositionX to be in m or mm or um.*got 'parsec'"),
        ("MaxIntensity", "1e4", "MaxIntensity to be a whole number; got '1e4'"),
    ],
)
def test_values_that_make_no_sense_are_told(write, part, value, message):
    with pytest.raises(PlateTableError, match=message):
        read_harmony(write(index(full_image(**{part: value}))))


@pytest.mark.parametrize(
    ("unit", "text"), [("m", "1E-04"), ("mm", "0.1"), ("um", "100"), ("µm", "100")]
)
def test_units_become_micrometres(write, unit, text):
    table = read_harmony(write(index(full_image(PositionY=(unit, text)))))
    assert table["position_y_um"][0] == pytest.approx(100)


def test_a_sensor_of_12_bits_is_known_by_its_ceiling(write):
    table = read_harmony(write(index(full_image(MaxIntensity="4095"), image(col=2, channel=2))))
    assert table[["sensor_max", "bit_depth"]].iloc[0].tolist() == [4095, 12]
    assert table[["sensor_max", "bit_depth"]].iloc[1].isna().all()


def test_a_profile_that_cannot_be_read_is_a_warning(write, caplog):
    maps = '<Map><Entry ChannelID="1"><FlatfieldProfile>{a</FlatfieldProfile></Entry></Map>'
    table = read_harmony(write(index(full_image(), maps=maps)))
    assert table["flatfield"].isna().all()
    assert "the flat-field profile of channel 1 cannot be read: a key has no value" in caplog.text


def test_bombs_cuts_and_empty_indexes_are_told(write):
    bomb = index(full_image()).replace("<Eval", '<!DOCTYPE a [<!ENTITY b "b">]><Eval', 1)
    for text, message in (
        (bomb, "without a document type or entities"),
        (index(full_image())[:-60], r"Expected whole XML; .*Index\.idx\.xml, line 7"),
        ("", "got an empty file"),
        ("<Other/>", "Expected a Harmony index, .*got <Other>"),
        (index(), "Expected images; the export has none"),
    ):
        folder = write(text)
        assert harmony_sign(folder) == f"Harmony's {MEASURED}/Images/Index.idx.xml"
        with pytest.raises(PlateTableError, match=message):
            read_harmony(folder)


def test_other_folders_show_no_sign(tmp_path):
    assert harmony_sign(tmp_path) is None
    (tmp_path / "Index.xml").write_text("<html/>")
    assert harmony_sign(tmp_path) is None
    (tmp_path / "Index.xml").write_text("")
    assert harmony_sign(tmp_path) == "Harmony's Index.xml"


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("BR1__2020-11-05T19_51_35-Measurement1", ("BR1", "2020-11-05T19_51_35-Measurement1")),
        ("a__b__2020-Measurement 2", ("a", "b__2020-Measurement 2")),
        ("BR1__2020", None),
        ("BR1", None),
        ("__2020-Measurement1", None),
    ],
)
def test_a_measurement_folder_names_plate_and_measurement(name, expected):
    assert plate_of_folder(name) == expected


@pytest.mark.slow
def test_an_index_of_a_whole_plate_is_read_in_10_s_and_500_mb(tmp_path):
    more = {f"Other{number}": "some more text of an image" for number in range(20)}
    places = [(row, col, field, channel) for row in range(1, 17) for col in range(1, 25)
              for field in range(1, 10) for channel in range(1, 9)]  # fmt: skip
    images = (
        full_image(row=r, col=c, field=f, channel=n, ChannelName=f"w{n}", **more)
        for r, c, f, n in places
    )
    (tmp_path / "Index.idx.xml").write_text(index(*images), encoding="utf-8")
    code = (
        "import resource, sys, time; from pathlib import Path\n"
        "from cellscreen.plates.harmony import read_harmony\n"
        "start = time.perf_counter(); table = read_harmony(Path(sys.argv[1]))\n"
        "print(len(table), time.perf_counter() - start,\n"
        "      resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)"
    )
    command = [sys.executable, "-c", code, str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    count, seconds, megabytes = map(float, done.stdout.split())
    assert count == 27_648
    assert seconds < 10
    assert megabytes < 500
