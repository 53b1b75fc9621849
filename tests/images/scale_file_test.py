import pandas as pd
import pytest

from cellscreen.errors import PlateTableError
from cellscreen.images.plate_scale import PlateScale
from cellscreen.images.scale_file import FILE, read_scales, with_scale, write_scales

DNA = PlateScale("P", "DNA", 110, 5120, "0.01", "99.99", "negcon", 64, False)
ER = PlateScale("P", "ER, no. 2", 0, 255, "0", "100", "plate", 96, True)
HEADER = "Metadata_Plate,channel,low,high,low_percent,high_percent,of,images,stretched\n"


def test_scales_are_read_as_they_were_written(tmp_path):
    write_scales([DNA, ER], tmp_path / FILE)
    assert (tmp_path / FILE).read_text().startswith(HEADER + "P,DNA,110,5120,0.01,99.99,negcon,64")
    assert read_scales(tmp_path / FILE) == [DNA, ER]


def test_a_channel_without_a_name_keeps_it(tmp_path):
    nameless = PlateScale("007", "", 1, 2, "0.0", "100", "plate", 1, False)
    write_scales([nameless], tmp_path / FILE)
    assert read_scales(tmp_path / FILE) == [nameless]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "Expected a table of scales"),
        (
            "Metadata_Plate,channel,low\nP,DNA,1\n",
            "the columns high, low_percent, high",
        ),
        (HEADER + "P,DNA,1.5,9,0,1,plate,3,False\n", "line 2, plate P.*Measure .*again"),
        (HEADER + "P,DNA,9,9,0,1,plate,3,False\n", "low 9 and high 9.*line 2"),
        (HEADER + "P,DNA,0,65536,0,1,plate,3,False\n", "low 0 and high 65536.*line 2"),
        (HEADER + "P,DNA,1,9,0,1,plate,3,False\n" * 2, "Two scales for channel 'DNA'.*plate P"),
    ],
)
def test_a_file_that_holds_no_scales_is_told(tmp_path, text, message):
    (tmp_path / FILE).write_text(text)
    with pytest.raises(PlateTableError, match=message):
        read_scales(tmp_path / FILE)


def test_every_row_gets_the_scale_of_its_plate_and_channel():
    table = pd.DataFrame({"Metadata_Plate": "P", "channel": ["ER, no. 2", "DNA", "DNA"]})
    scaled = with_scale(table, [DNA, ER])
    assert scaled["low"].tolist() == [0, 110, 110]
    assert scaled["high"].tolist() == [255, 5120, 5120]
    assert scaled["high"].dtype == "Int64"
    assert "low" not in table


def test_channels_without_a_scale_are_told_together():
    table = pd.DataFrame({"Metadata_Plate": ["P", "P", "Q"], "channel": ["DNA", "AGP", "DNA"]})
    with pytest.raises(PlateTableError, match="2 problems") as caught:
        with_scale(table, [DNA])
    assert "plate P: Expected a scale of channel 'AGP'; there is none." in str(caught.value)
    assert "plate Q: Expected a scale of channel 'DNA'" in str(caught.value)
