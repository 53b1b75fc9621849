import dataclasses
import json
import shutil

import pytest
import tensorflow_datasets as tfds

from cellscreen.cells.segment_config import SegmentConfig
from cellscreen.datasets.cpjump1.cpjump1_dataset_builder import PAPER_002, USUAL, Builder
from cellscreen.datasets.cpjump1.cpjump1_layout import read_cpjump1, with_core_file_names
from cellscreen.errors import PlateTableError
from cellscreen.plates.table import write_plate_table
from cellscreen.records.build import build_plates
from cellscreen.simulate.hcs_config import HcsConfig
from cellscreen.simulate.hcs_writing import simulate_plates

CONFIG = HcsConfig(
    compounds=4, doses=1, replicates=1, plate_wells=96, control_wells=2, poscon_wells=1,
    size_px=192, rendered_fields=1, unfocused=0.0,
)  # fmt: skip


@pytest.fixture(scope="module")
def cpjump1(tmp_path_factory):
    folder = tmp_path_factory.mktemp("cpjump1")
    simulate_plates(CONFIG, folder, "cpjump1", workers=1)
    return folder


@pytest.fixture(scope="module")
def plate(cpjump1):
    return next(path.name for path in (cpjump1 / "load_data_csv").iterdir())


def test_the_real_layout_is_read_with_its_plate_map(cpjump1, plate):
    table = read_cpjump1(cpjump1, plate)
    assert set(table["Metadata_Plate"]) == {plate}
    assert table["Metadata_pert_iname"].nunique() == 6  # 4 compounds, DMSO, a positive control
    assert (table["Metadata_control_type"] == "negcon").sum() == 2 * table["channel"].nunique()


def test_cell_line_and_hours_are_those_of_the_experiment(cpjump1, plate, tmp_path):
    folder = shutil.copytree(cpjump1, tmp_path / "copy")
    header, row = "Assay_Plate_Barcode\tCell_type\tTime", f"{plate}\tU2OS\t48"
    (folder / "metadata/experiment-metadata.tsv").write_text(f"{header}\n{row}\n")
    table = read_cpjump1(folder, plate)
    assert set(table["Metadata_cell_line"]) == {"U2OS"}
    assert set(table["Metadata_hours"]) == {48.0}
    assert table["Metadata_simulated"].all()


def test_channels_are_called_as_in_load_data(cpjump1, plate, tmp_path):
    folder = shutil.copytree(cpjump1, tmp_path / "copy")
    listed = next((folder / "load_data_csv").glob(f"{plate}/load_data.csv"))
    first = read_cpjump1(cpjump1, plate)["channel"].iloc[0]
    listed.write_text(listed.read_text().replace(f"FileName_Orig{first}", "FileName_OrigRenamed"))
    assert "Renamed" in set(read_cpjump1(folder, plate)["channel"])


def test_core_file_names_are_paper_002s_and_channels_follow_their_numbers(cpjump1, plate):
    table = with_core_file_names(read_cpjump1(cpjump1, plate).iloc[::-1])
    row = table.iloc[0]
    letter, column = row["Metadata_Well"][0], int(row["Metadata_Well"][1:])
    expected = f"r{ord(letter) - 64:02d}c{column:02d}f{int(row['Metadata_Site']):02d}"
    assert row["Metadata_CoreFileName"] == expected
    numbers = table["path"].str.extract(r"-ch(\d+)")[0].astype(int)
    assert numbers.is_monotonic_increasing
    with pytest.raises(PlateTableError, match=r"called r01c01f01p01.*dataset hcs"):
        with_core_file_names(table.assign(path="A01.tif"))


def test_an_unknown_plate_names_those_that_are_there(cpjump1, plate):
    with pytest.raises(PlateTableError, match=rf"images/BR1__.*there are {plate}.*plate BR1"):
        read_cpjump1(cpjump1, "BR1")


def test_paper_002s_cells_are_on_the_median_of_the_first_three_channels(cpjump1, plate, tmp_path):
    table = read_cpjump1(cpjump1, plate)
    few = table[table["Metadata_Well"].isin(sorted(table["Metadata_Well"].unique())[:2])]
    config = dataclasses.replace(PAPER_002, segment=SegmentConfig(diameter_px=20.0))
    (folder,) = build_plates(few, tmp_path, "cpjump1", "paper_002", config=config)
    opened = tfds.builder_from_directory(folder)
    record = next(iter(opened.as_dataset(split="fields").as_numpy_iterator()))
    assert [name.decode() for name in record["channels"]] == ["median"]
    assert len(record["sha256"]) == 3
    assert record["simulated"]
    assert json.loads(record["metadata_json"])["Metadata_CoreFileName"].startswith("r0")
    names = opened.info.metadata["feature_names"]
    assert "Nuclei_AreaShape_Area" in names
    assert not any("Texture" in name for name in names)


def test_the_builder_reads_the_real_layout_itself(cpjump1, plate, tmp_path):
    builder = Builder(data_dir=tmp_path / plate, config="edges")
    table = builder.with_columns(builder.read_table(cpjump1))
    assert set(table["Metadata_Plate"]) == {plate}
    write_plate_table(table.head(3), tmp_path / "table" / "plate_table.parquet")
    assert len(builder.read_table(tmp_path / "table")) == 3


def test_the_papers_parameters_are_kept():
    assert (PAPER_002.segment.flow_threshold, PAPER_002.segment.cellprob_threshold) == (0.7, -5.0)
    assert (PAPER_002.segment.diameter_px, PAPER_002.median_of) == (None, ("#1", "#2", "#3"))
    assert USUAL.crops.crop_size == 96
    assert list(Builder.builder_configs) == ["edges", "bags", "cells", "paper_002"]
