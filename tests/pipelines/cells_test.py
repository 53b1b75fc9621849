import dataclasses

import numpy as np
import pytest

from cellscreen.errors import ConfigError, DataError
from cellscreen.pipelines import cell_pixels
from cellscreen.pipelines.cell_index import index_cells
from cellscreen.pipelines.cell_input import CellInput
from cellscreen.pipelines.cell_pixels import CellPixels
from cellscreen.pipelines.cell_reading import read_cell
from cellscreen.pipelines.cells import CellInputs, cell_questions, training_cells
from cellscreen.pipelines.order import Share, Start
from cellscreen.pipelines.records import prepared_plates

AREA = "Nuclei_AreaShape_Area"
BRANCHES = ("mask", "intensity")


@pytest.fixture(scope="module")
def index(bag_records):
    return index_cells(prepared_plates(bag_records, "hcs", "cells"), [AREA])


@pytest.fixture(scope="module")
def inputs(index):
    return CellInputs(CellPixels(index, BRANCHES, CellInput(8)), index.table)


@pytest.fixture
def labels(index):
    return (index.of_cells(index.fields["Metadata_pert_iname"]) == "drug").astype(int).to_numpy()


def _batches(cells, n, start=None, share=None):
    return list(cells.batches(start or Start(), share or Share(4)).take(n).as_numpy_iterator())


def _same(ours, theirs):
    for one, other in zip(ours, theirs, strict=True):
        for name in (*BRANCHES, "table"):
            np.testing.assert_array_equal(one[0][name], other[0][name])
        for mine, yours in zip(one[1:], other[1:], strict=True):
            np.testing.assert_array_equal(mine, yours)


def test_a_batch_holds_what_the_net_takes(inputs, index, labels):
    rows = np.arange(0, 24, 2)
    cells = training_cells(inputs, rows, labels, 0, np.array([0.5, 2.0]))
    ((given, targets, weights, of_rows),) = _batches(cells, 1)
    assert {name: part.shape for name, part in given.items()} == {
        "mask": (4, 8, 8, 4),
        "intensity": (4, 8, 8, 2),
        "table": (4, 1),
    }
    assert set(of_rows) <= set(rows)
    np.testing.assert_array_equal(given["table"], index.table[of_rows])
    np.testing.assert_array_equal(targets, labels[of_rows])
    np.testing.assert_array_equal(weights, np.array([0.5, 2.0], np.float32)[targets])
    assert 0 <= given["mask"].min() < given["mask"].max() <= 1


def test_the_same_seed_gives_the_same_batches_from_any_step_on(inputs, labels):
    cells = training_cells(inputs, np.arange(12), labels, 7, np.ones(2))
    whole = _batches(cells, 6)
    _same(_batches(cells, 3, Start(1, 0)), whole[3:])
    _same(_batches(cells, 1, Start(0, 2)), whole[2:3])
    other = _batches(dataclasses.replace(cells, seed=8), 3)
    assert any((one[3] != two[3]).any() for one, two in zip(whole, other, strict=False))


def _ramp(index, row):
    cell = read_cell(index, row)
    ramp = np.arange(cell.intensity.size, dtype=np.uint16).reshape(cell.intensity.shape)
    return cell._replace(intensity=ramp, low=np.zeros(2, np.int32), high=np.full(2, 450, np.int32))


def test_cells_are_turned_in_training_only_and_only_if_wanted(inputs, index, labels, monkeypatch):
    monkeypatch.setattr(cell_pixels, "read_cell", _ramp)  # a disc is the same when turned
    still = CellInputs(CellPixels(index, BRANCHES, CellInput(8, turn_cells=False)), index.table)
    asked = [one for one, _ in cell_questions(inputs, np.arange(12)).as_numpy_iterator()]
    for source, changes in ((inputs, True), (still, False)):
        cells = training_cells(source, np.arange(12), labels, 0, np.ones(2))
        changed = [
            (given["intensity"][n] != asked[row]["intensity"]).any()
            for given, _, _, rows in _batches(cells, 3)
            for n, row in enumerate(rows)
        ]
        assert any(changed) == changes
        assert not all(changed)


def test_kept_planes_give_the_same_batches(index, labels, monkeypatch):
    monkeypatch.setattr(cell_pixels, "read_cell", _ramp)
    kept, computed = (
        CellInputs(CellPixels(index, BRANCHES, CellInput(8)), index.table) for _ in range(2)
    )
    kept.pixels.keep(np.arange(12))
    ours, theirs = (
        _batches(training_cells(inputs, np.arange(12), labels, 0, np.ones(2)), 3)
        for inputs in (kept, computed)
    )
    _same(ours, theirs)


def test_questions_come_in_order(inputs, index):
    rows = np.array([9, 3, 4])
    found = list(cell_questions(inputs, rows).as_numpy_iterator())
    assert [row for _, row in found] == rows.tolist()
    np.testing.assert_array_equal([one["table"] for one, _ in found], index.table[rows])


def test_a_table_alone_needs_no_pixels(index, labels):
    inputs = CellInputs(CellPixels(index, (), CellInput(8)), index.table)
    inputs.pixels.keep(np.arange(3))
    ((given, *_),) = _batches(training_cells(inputs, np.arange(4), labels, 0, np.ones(2)), 1)
    assert list(given) == ["table"]


def test_balanced_sampling_draws_the_rare_class_as_often(inputs, labels):
    rows = np.concatenate([np.flatnonzero(labels == 0)[:2], np.flatnonzero(labels == 1)[:10]])
    cells = training_cells(inputs, rows, labels, 0, np.ones(2), np.array([0.5, 0.5]))
    drawn = np.concatenate([batch[1] for batch in _batches(cells, 60)])
    assert drawn.mean() == pytest.approx(0.5, abs=0.1)


def test_a_fold_without_cells_is_an_error(inputs, labels):
    with pytest.raises(DataError, match="the fold has none"):
        training_cells(inputs, np.zeros(0, int), labels, 0, np.ones(2))


def test_sizes_and_fits_that_cannot_work_are_refused():
    with pytest.raises(ConfigError, match=r"cell_size of 8 to 512 px; got 4"):
        CellInput(cell_size=4)
    with pytest.raises(ConfigError, match=r"cell_fit of stretch, pad; got 'crop'"):
        CellInput(cell_fit="crop")
