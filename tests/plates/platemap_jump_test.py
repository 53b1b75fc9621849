"""JUMP's plate maps: barcodes, maps, tables of compounds; small ones here, the real ones last."""

import logging
import os
import zipfile
from pathlib import Path

import pandas as pd
import pytest

from cellscreen.errors import PlateTableError
from cellscreen.plates.controls import ControlRules
from cellscreen.plates.platemap import read_platemap
from cellscreen.plates.platemap_file import MapOptions
from cellscreen.plates.platemap_join import join_platemap

ROOT = Path(__file__).parents[2]
DATA = Path(os.environ.get("CELLSCREEN_DATA", ROOT.parent / "shared" / "data"))
DMSO, EMPTY = MapOptions(ControlRules("DMSO")), MapOptions(ControlRules("empty"))
COMPOUNDS = [
    "broad_sample\tInChIKey\tpert_iname\tpert_type\tcontrol_type",
    "BRD-1\tK1\tdigoxin\ttrt\tNA",
    "BRD-2\tK2\tAMG900\tcontrol\tposcon_diverse",
    "BRD-2\tK2\tAMG900\tcontrol\tposcon_diverse",
    "NA\tK3\tDMSO\tcontrol\tnegcon",
]
MAP = [
    "well_position\tbroad_sample\tsolvent",
    "A01\tBRD-1\tDMSO",
    "A02\t\tDMSO",
    "A03\tBRD-2\tDMSO",
]


@pytest.fixture
def folder(tmp_path):
    """A JUMP folder of two plates with one map."""
    (tmp_path / "platemap").mkdir()
    write(tmp_path / "barcode_platemap.csv", "Assay_Plate_Barcode,Plate_Map_Name", "P1,m", "P2,m")
    write(tmp_path / "platemap" / "m.txt", *MAP)
    write(tmp_path / "compounds.tsv", *COMPOUNDS)
    return tmp_path


def write(path, *lines):
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def test_two_plates_of_one_map(folder):
    frame = read_platemap(folder, DMSO, [folder / "compounds.tsv"])
    assert frame["Metadata_Plate"].tolist() == ["P1"] * 3 + ["P2"] * 3
    one = frame[frame["Metadata_Plate"] == "P1"]
    assert one["Metadata_Well"].tolist() == ["A01", "A02", "A03"]
    assert one["Metadata_pert_iname"].tolist() == ["digoxin", "DMSO", "AMG900"]
    assert one["Metadata_control_type"].tolist() == ["trt", "negcon", "poscon"]
    assert one["Metadata_control_word"].tolist() == ["NA", "negcon", "poscon_diverse"]
    assert one["Metadata_InChIKey"].tolist() == ["K1", "K3", "K2"]
    assert one["Metadata_Plate_Map_Name"].tolist() == ["m"] * 3
    assert "Metadata_concentration_um" not in frame


def test_empty_sample_is_never_guessed_from_the_solvent(folder):
    with pytest.raises(
        PlateTableError, match=r"set empty_broad_sample_is .*Wells: A02\..*m\.txt\]"
    ):
        read_platemap(folder, None, [folder / "compounds.tsv"])
    frame = read_platemap(folder, EMPTY, [folder / "compounds.tsv"])
    second = frame.iloc[1]
    assert second["Metadata_control_type"] == "empty"
    assert second["Metadata_pert_iname"] == second["Metadata_InChIKey"] == ""


def test_mmoles_per_liter_is_not_trusted(folder):
    write(
        folder / "platemap" / "m.txt", "well_position\tbroad_sample\tmmoles_per_liter", "A01\tx\t10"
    )
    frame = read_platemap(folder)
    assert frame["Metadata_mmoles_per_liter"].tolist() == ["10", "10"]
    assert "Metadata_concentration_um" not in frame


def test_genes_name_orfs_and_guides(folder):
    table = [
        "broad_sample\tgene\tpert_type\tcontrol_type",
        *("BRD-1\tHIF1A\ttrt\t", "BRD-2\t\tcontrol\tnegcon"),
    ]
    write(folder / "guides.tsv", *table)
    frame = read_platemap(folder, EMPTY, [folder / "guides.tsv"])
    assert frame["Metadata_pert_iname"].tolist()[:3] == ["HIF1A", "", "BRD-2"]
    assert frame["Metadata_control_type"].tolist()[:3] == ["trt", "empty", "negcon"]


def test_compounds_and_guides_of_one_folder(folder):
    write(
        folder / "barcode_platemap.csv", "Assay_Plate_Barcode,Plate_Map_Name", "P1,m", "P2,n_crispr"
    )
    write(folder / "platemap" / "n_crispr.txt", MAP[0], "A01\tBRDN-1\t", "A02\t\t")
    write(folder / "guides.tsv", "broad_sample\tgene\tpert_type", "BRDN-1\tHIF1A\ttrt")
    rules = MapOptions(ControlRules("DMSO", except_maps=(("*_crispr", "empty"),)))
    frame = read_platemap(folder, rules, [folder / "compounds.tsv", folder / "guides.tsv"])
    assert frame["Metadata_pert_iname"].tolist() == ["digoxin", "DMSO", "AMG900", "HIF1A", ""]
    assert frame["Metadata_control_type"].tolist() == ["trt", "negcon", "poscon", "trt", "empty"]


def test_repeated_rows_of_compounds_are_left_out_with_a_note(folder, caplog):
    with caplog.at_level(logging.INFO, logger="cellscreen"):
        frame = read_platemap(folder, DMSO, [folder / "compounds.tsv"])
    assert len(frame) == 6
    assert "compounds.tsv: 1 rows repeat another." in caplog.text


def test_sample_with_two_rows_that_differ(folder):
    write(folder / "compounds.tsv", *COMPOUNDS, "BRD-1\tK9\tdigoxin\ttrt\tNA")
    with pytest.raises(
        PlateTableError, match=r"rows of BRD-1 say different things.*compounds\.tsv"
    ):
        read_platemap(folder, DMSO, [folder / "compounds.tsv"])


def test_sample_that_no_table_has(folder):
    write(folder / "platemap" / "m.txt", *MAP, "A04\tBRD-9\tDMSO", "A05\tBRD-9\tDMSO")
    with pytest.raises(
        PlateTableError, match=r"No table of compounds has 'BRD-9'\. Wells: A04, A05"
    ):
        read_platemap(folder, DMSO, [folder / "compounds.tsv"])


def test_column_of_map_and_compounds(folder):
    write(folder / "compounds.tsv", "broad_sample\tsolvent", "BRD-1\twater", "BRD-2\twater")
    with pytest.raises(
        PlateTableError, match=r"Both the plate map and .* a column Metadata_solvent"
    ):
        read_platemap(folder, DMSO, [folder / "compounds.tsv"])


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        (["Barcode,Map", "P1,m"], r"Expected the columns Assay_Plate_Barcode, Plate_Map_Name; got"),
        (["Assay_Plate_Barcode,Plate_Map_Name"], r"Expected a row a plate, got a header only"),
        (
            ["Assay_Plate_Barcode,Plate_Map_Name", "P1,z"],
            r"plate map platemap/z\.txt; .*line 2, pl",
        ),
        (["Assay_Plate_Barcode,Plate_Map_Name", "P1,../m"], r"name of a map \(it has a slash"),
        (["Assay_Plate_Barcode,Plate_Map_Name", ",m"], r"Expected a barcode .*\(it is empty\)"),
        (["Assay_Plate_Barcode,Plate_Map_Name", "P1,m", "P1,m"], r"stands in an earlier .*line 3"),
    ],
)
def test_barcodes_that_cannot_be(folder, lines, message):
    write(folder / "barcode_platemap.csv", *lines)
    with pytest.raises(PlateTableError, match=message):
        read_platemap(folder)


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        (["name\tInChIKey", "x\ty"], r"Expected a column broad_sample; got name, InChIKey"),
        (["broad_sample\tgene", "x"], r"Expected 2 cells, got 1.*line 2\]"),
    ],
)
def test_compounds_that_cannot_be(folder, lines, message):
    write(folder / "compounds.tsv", *lines)
    with pytest.raises(PlateTableError, match=message):
        read_platemap(folder, DMSO, [folder / "compounds.tsv"])


def test_map_without_samples_joins_no_compounds(folder):
    write(folder / "map.csv", "well,drug", "A1,x")
    with pytest.raises(
        PlateTableError, match="Expected a column broad_sample, to join the compounds"
    ):
        read_platemap(folder / "map.csv", None, [folder / "compounds.tsv"])


@pytest.fixture(scope="module")
def jump_target(tmp_path_factory):
    archive = DATA / "jump_target.zip"
    if not archive.is_file():
        pytest.skip(f"needs jump_target.zip in {DATA}")
    folder = tmp_path_factory.mktemp("jump")
    zipfile.ZipFile(archive).extractall(folder)
    return folder / "jump_target"


KINDS = {
    "1_compound": (DMSO, {"trt": 260, "negcon": 64, "poscon": 60}),
    "2_compound": (DMSO, {"trt": 260, "negcon": 64, "poscon": 60}),
    "1_orf": (EMPTY, {"trt": 260, "negcon": 60, "poscon": 60, "empty": 4}),
    "1_crispr": (EMPTY, {"trt": 260, "negcon": 60, "poscon": 60, "empty": 4}),
}


def read_target(folder, kind, options):
    table = folder / f"JUMP-Target-{kind}_metadata.tsv"
    return read_platemap(folder / f"JUMP-Target-{kind}_platemap.tsv", options, [table])


@pytest.mark.parametrize("kind", KINDS)
def test_jump_target_joins_images_of_all_wells(jump_target, kind):
    options, counts = KINDS[kind]
    frame = read_target(jump_target, kind, options)
    assert frame["Metadata_control_type"].value_counts().to_dict() == counts
    named = frame[frame["Metadata_control_type"] != "empty"]
    assert (named["Metadata_pert_iname"] != "").all()
    wells = [f"{row}{column}" for row in "abcdefghijklmnop" for column in range(1, 25)]
    images = pd.DataFrame({"Metadata_Plate": "BR1__2020", "Metadata_Well": wells})
    joined, coverage = join_platemap(images, frame)
    assert coverage.share == 1
    assert coverage.plates[0].wells == coverage.plates[0].joined == 384
    assert coverage.plates[0].without_images == ()
    assert (joined["Metadata_control_type"] != "").all()


@pytest.mark.parametrize("kind", KINDS)
def test_jump_target_needs_the_rule(jump_target, kind):
    with pytest.raises(PlateTableError, match="set empty_broad_sample_is to DMSO or to empty"):
        read_target(jump_target, kind, None)


def test_jump_target_compounds_of_two_layouts_share_their_inchikeys(jump_target):
    one, two = (read_target(jump_target, f"{number}_compound", DMSO) for number in "12")
    assert set(one["Metadata_InChIKey"]) == set(two["Metadata_InChIKey"])
    assert set(one["Metadata_broad_sample"]) != set(two["Metadata_broad_sample"])
