"""Cells of two tiny plates."""

import importlib.util
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def cell_plates():
    """The module that writes plates of cells with flows; tests/training/cells/cell_plates.py."""
    spec = importlib.util.spec_from_file_location(
        "cell_plates", Path(__file__).with_name("cell_plates.py")
    )
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def cell_records(cell_plates, tmp_path_factory):
    """The root of prepared cells of two plates of one layout, three compounds."""
    folder = tmp_path_factory.mktemp("cell_records")
    return cell_plates.build(cell_plates.write_plates(folder), folder / "records")
