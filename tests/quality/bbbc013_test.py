"""A real plate, BBBC013, as a folder that a template explains; skips without its data."""

import os
import zipfile
from pathlib import Path

import pytest

from cellscreen import commands
from cellscreen.images.reading import read_image
from cellscreen.quality.quality_files import QUALITY, read_quality

ROOT = Path(__file__).parents[2]
DATA = Path(os.environ.get("CELLSCREEN_DATA", ROOT.parent / "shared" / "data"))


def test_whole_plate_from_a_template_to_its_quality(tmp_path, capsys):
    if not (DATA / "bbbc013.zip").is_file():
        pytest.skip("no bbbc013.zip: set CELLSCREEN_DATA to the folder that has it")
    with zipfile.ZipFile(DATA / "bbbc013.zip") as archive:
        archive.extractall(tmp_path)
    images = tmp_path / "BBBC013_ExampleSBS"
    status = commands.main(
        [
            "check",
            f"--images={images}",
            "--template={channel}-*-{row}-{col}.tif",
            "--channels=Channel1=GFP",
            "--channels=Channel2=DNA",
            f"--platemap={images / 'platemap_derived.csv'}",
            "--control_words=dose_series=trt,empty_no_drug=empty",
            "--deep",
            f"--output={tmp_path / 'out'}",
        ]
    )
    out = capsys.readouterr().out
    assert status == 0
    assert "192 images, 96 wells, 1 plate" in out
    assert "100 %" in out
    assert "Channel GFP: 96 of 96 images reach from exactly 0 to exactly 255" in out
    assert "Suspicious wells" not in out
    quality = read_quality(tmp_path / "out" / QUALITY)
    assert quality.groupby("channel").size().to_dict() == {"DNA": 96, "GFP": 96}
    assert not quality["empty"].any()
    nuclei = quality[quality["channel"] == "DNA"].set_index("Metadata_Well")["cells"]
    assert nuclei.between(100, 400).all()
    # Column 1 of rows E to H is crowded, as the plate's description says.
    assert nuclei[["E01", "F01", "G01", "H01"]].median() > nuclei.median()
    for channel in ("DNA", "GFP"):
        heat_map = tmp_path / "out" / "heat_maps" / f"BBBC013_ExampleSBS_{channel}.png"
        assert read_image(heat_map).std() > 30
