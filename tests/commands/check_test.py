"""`cellscreen check`: what it prints and its exit status."""

import time

import cv2
import numpy as np
import pytest

from cellscreen import commands

IMAGE = cv2.imencode(".png", np.arange(48, dtype=np.uint8).reshape(6, 8))[1].tobytes()


@pytest.fixture
def cultures(tmp_path):
    """AC16, both conditions, two wells of two sites each, as folders."""
    for condition in ("normoxia", "hypoxia"):
        folder = tmp_path / "AC16" / "48H" / condition
        folder.mkdir(parents=True)
        for name in ("A01_1", "A01_2", "a2_1", "a2_2"):
            (folder / f"{name}.png").write_bytes(IMAGE)
    return tmp_path


def _check(capsys, *flags):
    status = commands.main(["check", *flags])
    return status, *capsys.readouterr()


def test_folder_without_errors(capsys, cultures):
    status, out, err = _check(capsys, f"--images={cultures}")
    assert (status, err) == (0, "")
    assert f"{cultures} (folders like AC16/48H): 8 images, 4 wells, 2 plates, 1 batch\n" in out
    assert "AC16          48  hypoxia        2       4  2" in out
    assert "Every plate holds one condition only" in out
    assert out.endswith("0 errors, 0 warnings, 3 notes. Ready to build.\n")


def test_missing_and_odd_images(capsys, cultures):
    folder = cultures / "AC16" / "48H" / "hypoxia"
    cv2.imwrite(str(folder / "A01_1.png"), np.zeros((9, 9), np.uint16))
    (folder / "a2_2.png").write_bytes(b"")
    status, out, _ = _check(capsys, f"--images={cultures}")
    assert status == 1
    assert "Errors (3)" in out
    assert "plate AC16_48H_hypoxia, well A02, file AC16/48H/hypoxia/a2_2.png" in out
    assert "16-bit file without bit_depth" in out
    assert "Size 9x9 px, where most of the plate has 8x6" in out


def test_folder_without_wells_is_a_warning(capsys, cultures):
    for path in cultures.rglob("*.png"):
        path.rename(path.with_name(f"img_{path.name}"))
    status, out, _ = _check(capsys, f"--images={cultures}")
    assert status == 0
    assert "no honest fold exists; only --fold_by=site, marked leaky, trains." in out


def test_table_that_cannot_be_read_is_an_error_found(capsys, tmp_path):
    (tmp_path / "images.csv").write_text("path,plate,well\n")
    status, out, _ = _check(capsys, f"--images={tmp_path}")
    assert status == 1
    assert "site is missing. Found: path, plate, well." in out


def test_deep_finds_what_headers_do_not_say(capsys, cultures):
    damaged = IMAGE[:60] + bytes(len(IMAGE) - 80) + IMAGE[-20:]
    (cultures / "AC16" / "48H" / "hypoxia" / "A01_1.png").write_bytes(damaged)
    assert _check(capsys, f"--images={cultures}")[0] == 0
    status, out, _ = _check(capsys, f"--images={cultures}", "--deep")
    assert status == 1
    assert "cut or damaged" in out


def test_label_column_and_group_by(capsys, cultures):
    flags = [f"--images={cultures}", "--label_column=condition"]
    status, out, _ = _check(capsys, *flags, "--group_by=plate")
    assert status == 0
    assert "groups by plate" in out
    assert "hypoxia has 1 group by plate, so no honest fold exists" in out
    status, _, err = _check(capsys, *flags, "--group_by=row_pair")
    assert status == 2
    assert "Expected one of the columns" in err


def test_thousand_images_in_about_a_second(capsys, tmp_path):
    rows = [f"{i}.png,P,{chr(65 + i // 24 % 16)}{i % 24 + 1},{i // 384 + 1}" for i in range(1000)]
    (tmp_path / "images.csv").write_text("\n".join(["path,plate,well,site", *rows]))
    for number in range(1000):
        (tmp_path / f"{number}.png").write_bytes(IMAGE)
    start = time.process_time()
    assert _check(capsys, f"--images={tmp_path}")[0] == 0
    assert time.process_time() - start < 1.5


@pytest.fixture
def export(tmp_path):
    """12 wells of two sites and two channels as P/A01_1_DNA.png, one field missing; a plate map."""
    folder = tmp_path / "export" / "P"
    folder.mkdir(parents=True)
    wells = [f"{row}{column:02d}" for row in "ABC" for column in range(1, 5)]
    for well in wells:
        for name in ("1_DNA", "1_ER", "2_DNA", "2_ER"):
            (folder / f"{well}_{name}.png").write_bytes(IMAGE)
    for name in ("DNA", "ER"):
        (folder / f"B03_2_{name}.png").unlink()
    lines = [f"{well},{'DMSO' if well < 'B' else 'X'},5" for well in wells]
    lines = ["well,pert_iname,concentration_um", *lines]
    (tmp_path / "map.csv").write_text("\n".join(lines).replace("DMSO,5", "DMSO,0"))
    return tmp_path


TEMPLATE = "--template={plate}/{well}_{site}_{channel}.png"


def test_any_folder_by_a_template_with_its_plate_map(capsys, export):
    flags = [f"--platemap={export / 'map.csv'}", "--negcon_names=DMSO"]
    status, out, _ = _check(capsys, f"--images={export / 'export'}", TEMPLATE, *flags)
    assert status == 0
    assert "46 images, 12 wells, 1 plate" in out
    assert "  P         12      46  1-2           DNA, ER" in out
    assert "  B  ..1.\n" in out
    assert "1 of the 2 sites that most wells of the plate have." in out
    assert "(every plate)" in out
    assert "100 %" in out


def test_plate_map_that_covers_too_little(capsys, export):
    platemap = export / "map.csv"
    platemap.write_text("\n".join(platemap.read_text().splitlines()[:-3]))
    flags = [f"--images={export / 'export'}", TEMPLATE, f"--platemap={platemap}"]
    status, out, _ = _check(capsys, *flags, "--negcon_names=DMSO")
    assert status == 1
    assert "Expected 100 % of the wells with images in the plate map; got 75 %." in out
    assert "C02, C03, C04" in out
    status, out, _ = _check(capsys, *flags, "--negcon_names=DMSO", "--min_coverage=0.7")
    assert status == 0
    assert "75 %" in out


def test_output_of_headers_alone_and_of_a_deep_check(capsys, export):
    flags = [f"--images={export / 'export'}", TEMPLATE, f"--output={export / 'out'}"]
    flags += [f"--platemap={export / 'map.csv'}", "--negcon_names=DMSO"]
    status, out, _ = _check(capsys, *flags)
    assert status == 0
    assert out.endswith(f"Written to {export / 'out'}\n")
    assert {path.name for path in (export / "out").iterdir()} == {
        "plate_table.parquet",
        "wells.csv",
        "coverage.csv",
    }
    assert _check(capsys, f"--images={export / 'out'}")[0] == 0
    assert _check(capsys, *flags, "--deep")[0] == 0
    assert {path.name for path in (export / "out" / "heat_maps").iterdir()} == {
        "P_DNA.png",
        "P_ER.png",
    }
    assert (export / "out" / "quality.csv").read_text().count("P/B03/1") == 2
    assert (export / "out" / "thumbnails" / "P.png").is_file()


def test_wrong_options_are_wrong_flags(capsys, cultures):
    flags = [f"--images={cultures}", "--platemap=x.csv"]
    status, _, err = _check(capsys, *flags, "--control_words=dose_series")
    assert (status, "WORD=TYPE; got 'dose_series'" in err) == (2, True)
    status, _, err = _check(capsys, f"--images={cultures}", "--format=nonsense")
    assert (status, "Expected a format of" in err) == (2, True)


def test_tables_for_other_programs(capsys, export):
    images, out = export / "export", export / "out"
    flags = [f"--images={images}", TEMPLATE, f"--output={out}"]
    (images / "P" / "B03_1_DNA.png").unlink()
    (images / "P" / "B03_1_ER.png").unlink()
    status, said, _ = _check(capsys, *flags, "--export=load_data,deepprofiler")
    assert status == 0
    assert f"For CellProfiler: {out / 'cellprofiler' / 'load_data.csv'}" in said
    assert f"with paths.images {images} in its config" in said
    lines = (out / "cellprofiler" / "load_data.csv").read_text().splitlines()
    assert lines[0].startswith("FileName_OrigDNA,PathName_OrigDNA,FileName_OrigER,PathName_OrigER")
    assert len(lines) == 1 + 22
    index = (out / "deepprofiler" / "inputs" / "metadata" / "index.csv").read_text()
    assert "P/A01_1_DNA.png,P/A01_1_ER.png" in index
    status, _, err = _check(capsys, *flags, "--export=omero")
    assert (status, "--export of load_data, deepprofiler; got omero" in err) == (2, True)
    status, _, err = _check(capsys, *flags[:2], "--export=load_data")
    assert (status, "Expected --output beside --export" in err) == (2, True)
