import logging

import numpy as np
import pytest
import tensorflow as tf

from cellscreen.errors import RecordError
from cellscreen.pipelines import cell_pixels
from cellscreen.pipelines.cell_index import index_cells
from cellscreen.pipelines.cell_input import CellInput
from cellscreen.pipelines.cell_pixels import CellPixels, eight_bit_planes, net_crops
from cellscreen.pipelines.cell_planes import cell_planes
from cellscreen.pipelines.cell_reading import read_cell
from cellscreen.pipelines.cell_turns import STEPS
from cellscreen.pipelines.records import prepared_plates
from cellscreen.records.cells import Cell

BRANCHES, INPUT = ("mask", "intensity"), CellInput(cell_size=8)


@pytest.fixture(scope="module")
def index(bag_records):
    return index_cells(prepared_plates(bag_records, "hcs", "cells"), [])


def _crops(pixels, rows):
    asked = tf.data.Dataset.from_tensor_slices(np.array(rows, np.int64))
    asked = asked.map(lambda row: pixels.crops(pixels.planes(row)))
    return [{name: planes.numpy() for name, planes in one.items()} for one in asked]


def _alike(ours, theirs):
    for one, other in zip(ours, theirs, strict=True):
        for name in BRANCHES:
            np.testing.assert_array_equal(one[name], other[name])


def test_planes_are_those_of_the_cell_on_a_grid_of_254(index):
    cell = read_cell(index, 2)
    (found,) = _crops(CellPixels(index, BRANCHES, INPUT), [2])
    exact = cell_planes(cell, 8, BRANCHES)
    for name in BRANCHES:
        np.testing.assert_allclose(found[name], exact[name], atol=0.51 / STEPS)
        np.testing.assert_allclose(found[name] * STEPS, np.round(found[name] * STEPS), atol=1e-4)
    assert found["intensity"].shape == (8, 8, 2)
    _alike([found], [net_crops(cell, BRANCHES, INPUT, index.channels)])


def test_planes_that_are_kept_are_those_that_are_computed(index, tmp_path):
    rows = [5, 0, 9]
    computed = _crops(CellPixels(index, BRANCHES, INPUT), rows)
    in_memory, on_disk = CellPixels(index, BRANCHES, INPUT), CellPixels(index, BRANCHES, INPUT, 0)
    in_memory.keep(np.array([0, 5]))  # the third is computed
    on_disk.keep(np.array(rows), tmp_path)
    assert list(tmp_path.iterdir())
    _alike(_crops(in_memory, rows), computed)
    _alike(_crops(on_disk, rows), computed)


def test_what_is_kept_is_not_computed_again(index, monkeypatch):
    pixels = CellPixels(index, BRANCHES, INPUT)
    assert not pixels.holds(np.arange(4))
    pixels.keep(np.arange(4))
    assert pixels.holds(np.arange(4))
    assert not pixels.holds(np.arange(5))
    before = _crops(pixels, range(4))
    monkeypatch.setattr(cell_pixels, "read_cell", None)
    _alike(_crops(pixels, range(4)), before)
    pixels.keep(np.arange(4))


def test_without_room_nothing_is_kept(index, tmp_path, monkeypatch, caplog):
    monkeypatch.setattr(cell_pixels.shutil, "disk_usage", lambda _: type("", (), {"free": 0}))
    pixels = CellPixels(index, BRANCHES, INPUT, memory=0)
    with caplog.at_level(logging.INFO):
        pixels.keep(np.arange(4), tmp_path)
    assert "more than is kept: they are computed every epoch" in caplog.text
    assert not list(tmp_path.iterdir())
    assert len(_crops(pixels, [1])) == 1


def test_released_planes_are_computed_anew(index):
    pixels = CellPixels(index, BRANCHES, INPUT)
    pixels.keep(np.arange(4))
    before = _crops(pixels, [3])
    pixels.release()
    assert not pixels.holds(np.array([3]))
    with pytest.raises(RecordError, match="they were released"):
        pixels.read(np.array([3]))
    _alike(_crops(pixels, [3]), before)


def test_a_cell_at_fault_is_named(index, monkeypatch):
    def damaged(index, row):
        raise RecordError(f"Cell {row} is damaged.")

    monkeypatch.setattr(cell_pixels, "read_cell", damaged)
    with pytest.raises(RecordError, match="Cell 7 is damaged"):
        CellPixels(index, BRANCHES, INPUT).keep(np.array([7]))


def test_no_flow_is_exactly_a_half():
    pixels = np.zeros((6, 6))
    flow = np.zeros((6, 6, 3), np.float32)
    cell = Cell(pixels[..., None], pixels.astype(np.uint8) + 1, flow, [0], [255], [])
    found = net_crops(cell, ("flow",), CellInput(8), ())
    assert np.unique(found["flow"][..., :2]).tolist() == [0.5]
    assert net_crops(cell, (), CellInput(8), ()) == {}
    assert eight_bit_planes(cell, ("flow",), CellInput(8)).dtype == tf.uint8
