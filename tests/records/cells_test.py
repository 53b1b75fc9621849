import dataclasses
import json

import numpy as np
import pytest
import tensorflow_datasets as tfds

from cellscreen.cells.features import measure_objects
from cellscreen.cells.label_flows import flows_of_labels
from cellscreen.errors import ConfigError, RecordError
from cellscreen.records.build import build_plates
from cellscreen.records.cells import cells_examples, decode_cell
from cellscreen.records.field_cells import find_cells
from cellscreen.records.manifest import read_manifest
from cellscreen.records.planes import read_planes
from cellscreen.records.same_way import check_same_way
from cellscreen.records.table_fingerprint import rows_of

PREPARED = "P1/hcs/cells/1.0.0"


@pytest.fixture(scope="module")
def builder(cell_records):
    return tfds.builder_from_directory(cell_records / PREPARED)


@pytest.fixture(scope="module")
def cells(builder):
    return list(builder.as_dataset(split="fields").as_numpy_iterator())


@pytest.fixture
def planes(cell_table):
    return read_planes(rows_of(cell_table.query("Metadata_Well == 'B01' and Metadata_Site == '1'")))


def test_a_record_is_a_cell_in_its_own_box(cells, planes):
    record = next(r for r in cells if r["key"] == b"P1/B01/1" and r["object_id"] == 1)
    cell, (left, top, right, bottom) = decode_cell(record), record["box"]
    assert (right - left, bottom - top) == (15, 15)  # a disc of radius 7
    expected = np.moveaxis(planes.pixels[:, top:bottom, left:right], 0, -1)
    np.testing.assert_array_equal(cell.intensity, expected)
    assert cell.mask.shape == (15, 15)
    assert set(np.unique(cell.mask)) == {0, 1}
    assert cell.flow.shape == (15, 15, 0)


def test_cells_lie_side_by_side_in_the_order_of_fields(cells, cell_plate):
    keys = [record["key"].decode() for record in cells]
    expected = [f"P1/{w}/{s}" for (w, s), centres in cell_plate.CENTRES.items() for _ in centres]
    assert keys == expected
    assert [record["object_id"] for record in cells[:3]] == [1, 2, 3]


def test_features_are_those_of_the_table_and_named_in_the_metadata(
    builder, cells, planes, cell_plate
):
    names = builder.info.metadata["feature_names"]
    labels = find_cells(planes, cell_plate.CONFIG.segment).labels
    table = measure_objects(labels, planes.by_name())
    for record in (r for r in cells if r["key"] == b"P1/B01/1"):
        row = table[table["Metadata_ObjectNumber"] == record["object_id"]].iloc[0]
        np.testing.assert_allclose(record["measured"], row[names].to_numpy(np.float32))
    assert "Nuclei_Intensity_MeanIntensity_ER" in names


def test_neighbours_in_the_box_are_told_from_the_cell(planes, cell_plate):
    found = find_cells(planes, cell_plate.CONFIG.segment)
    labels = found.labels.copy()
    labels[labels == 2] = 1  # a cell in two pieces, whose box holds cells 3 and 4 in part
    joined = dataclasses.replace(found, compartments={"Nuclei": labels})
    first = decode_cell(next(cells_examples(planes, joined, cell_plate.CONFIG)))
    ys, xs = np.nonzero(labels == 1)
    left, top, right, bottom = xs.min(), ys.min(), xs.max() + 1, ys.max() + 1
    window = labels[top:bottom, left:right]
    np.testing.assert_array_equal(first.mask, np.where(window == 1, 1, 2 * (window > 0)))


def test_flows_are_cut_with_the_cell(planes, cell_plate):
    found = find_cells(planes, cell_plate.CONFIG.segment)
    flows = np.random.default_rng(0).normal(size=(3, *found.labels.shape)).astype(np.float32)
    with_flows = dataclasses.replace(found, flows=flows)
    example = next(cells_examples(planes, with_flows, cell_plate.CONFIG))
    left, top, right, bottom = example["box"]
    expected = np.moveaxis(flows[:, top:bottom, left:right], 0, -1)
    np.testing.assert_array_equal(decode_cell(example).flow, expected)


def test_flows_from_labels_are_cut_with_the_cell(planes, cell_plate):
    config = dataclasses.replace(cell_plate.CONFIG, flows="from_labels")
    found = find_cells(planes, config.segment)
    examples = list(cells_examples(planes, found, config))
    flows = flows_of_labels(found.labels)
    for example in examples:
        left, top, right, bottom = example["box"]
        expected = np.moveaxis(flows[:, top:bottom, left:right], 0, -1)
        np.testing.assert_array_equal(decode_cell(example).flow, expected)
    assert len(examples) == 4


def test_flows_from_labels_are_told_as_such_and_not_mixed_with_others(
    cell_table, cell_plate, cell_records, tmp_path
):
    config = dataclasses.replace(cell_plate.CONFIG, flows="from_labels")
    (folder,) = build_plates(cell_table, tmp_path, "hcs", "cells", config=config)
    said = json.loads((folder / "metadata.json").read_text())
    assert said["flows"] == "from labels, not Cellpose's"
    assert read_manifest(folder).notes == {"flows": "from labels, not Cellpose's"}
    assert read_manifest(cell_records / PREPARED).notes == {"flows": "none"}
    told = r"flows is 'method' in .* and 'from_labels' in this folder"
    with pytest.raises(RecordError, match=told):
        check_same_way([cell_records / PREPARED, folder])
    with pytest.raises(RecordError, match="prepared in another way"):
        build_plates(cell_table, tmp_path, "hcs", "cells", config=cell_plate.CONFIG)
    with pytest.raises(ConfigError, match="flows with the kind cells only; got them with bags"):
        build_plates(cell_table, tmp_path, "hcs", "bags", config=config)


def test_fields_without_cells_are_listed(cell_records):
    listed = (cell_records / PREPARED / "fields_without_cells.csv").read_text().splitlines()
    assert listed == ["key,plate,well,site,reason", "P1/A02/2,P1,A02,2,No cell was found."]


def test_centres_alone_make_no_cells(cell_table, cell_plate, tmp_path):
    for (well, site), centres in cell_plate.CENTRES.items():
        rows = "".join(f"{x},{y}\n" for x, y in centres)
        file = tmp_path / "at" / "P1" / f"{well}-{site}-Nuclei.csv"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("Nuclei_Location_Center_X,Nuclei_Location_Center_Y\n" + rows)
    segment = dataclasses.replace(
        cell_plate.CONFIG.segment, method="locations", locations=str(tmp_path / "at")
    )
    config = dataclasses.replace(cell_plate.CONFIG, segment=segment)
    with pytest.raises(ConfigError, match=r"the cells are centres only.*build bags"):
        build_plates(cell_table, tmp_path / "records", "hcs", "cells", config=config)
    assert build_plates(cell_table, tmp_path / "records", "hcs", "bags", config=config)
