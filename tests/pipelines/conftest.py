"""Bags of two small plates; tests/records/cell_plate.py writes their images."""

import importlib.util
from pathlib import Path

import pytest

from cellscreen.plates.table import read_plate_table
from cellscreen.records.build import build_plates

PROGRAM = Path(__file__).parents[1] / "records" / "cell_plate.py"
spec = importlib.util.spec_from_file_location("cell_plate", PROGRAM)
plate = importlib.util.module_from_spec(spec)
spec.loader.exec_module(plate)


@pytest.fixture(scope="session")
def bag_records(tmp_path_factory):
    """The root of prepared bags and cells of the plates P1 and P2."""
    folder, root = tmp_path_factory.mktemp("plates"), tmp_path_factory.mktemp("bag_records")
    for name in ("P1", "P2"):
        plate.write_cell_plate(folder, name)
    for kind in ("bags", "cells"):
        build_plates(read_plate_table(folder), root, "hcs", kind, config=plate.CONFIG)
    return root
