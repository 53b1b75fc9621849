"""A small plate of cells and its records; tests/records/cell_plate.py writes it."""

import importlib.util
from pathlib import Path

import pytest

from cellscreen.plates.table import read_plate_table
from cellscreen.records.build import build_plates

spec = importlib.util.spec_from_file_location(
    "cell_plate", Path(__file__).with_name("cell_plate.py")
)
plate = importlib.util.module_from_spec(spec)
spec.loader.exec_module(plate)


@pytest.fixture(scope="session")
def cell_plate():
    """The module that wrote the plate: `CENTRES`, `CONFIG`, `write_cell_plate`."""
    return plate


@pytest.fixture(scope="session")
def cell_table(tmp_path_factory):
    """The plate table of the plate P1."""
    return read_plate_table(plate.write_cell_plate(tmp_path_factory.mktemp("plates")))


@pytest.fixture(scope="session")
def cell_records(cell_table, tmp_path_factory):
    """The root of prepared bags and cells of the plate P1."""
    root = tmp_path_factory.mktemp("cell_records")
    for kind in ("bags", "cells"):
        build_plates(cell_table, root, "hcs", kind, config=plate.CONFIG)
    return root
