"""Bags of a tiny plate."""

import importlib.util
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def bag_plates():
    """The module that writes plates of compounds with cells; tests/training/bags/bag_plates.py."""
    spec = importlib.util.spec_from_file_location(
        "bag_plates", Path(__file__).with_name("bag_plates.py")
    )
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def toxic_plate(bag_plates, tmp_path_factory):
    """A folder with `labels.csv` and the bags of 12 compounds in `records`; A01 has no cells."""
    folder = tmp_path_factory.mktemp("toxic_plate")
    bag_plates.write_plate(folder, bag_plates.toxic_looks(12), empty=("A01",))
    bag_plates.build(folder, folder / "records")
    return folder
