import pandas as pd
import pytest

from cellscreen.comparators import honesty_design
from cellscreen.comparators.honesty_config import HonestyConfig
from cellscreen.comparators.honesty_design import Design, read_design
from cellscreen.training.cells.config import CellDataConfig, CellsConfig


def fields(layouts=("L1", "L2")):
    """Two plates of two wells, one well with two fields; a plate a layout."""
    rows = [("P1", "A01", "1"), ("P1", "A01", "2"), ("P1", "A02", "1"), ("P2", "A01", "1")]
    frame = pd.DataFrame(rows, columns=["Metadata_Plate", "Metadata_Well", "Metadata_Site"])
    names = frame["Metadata_Plate"].map({"P1": layouts[0], "P2": layouts[-1]})
    return frame.assign(Metadata_plate_map=names, Metadata_simulated=True)


@pytest.fixture
def design_of(monkeypatch):
    def design(frame, where="", **changes):
        index = type("Index", (), {"fields": frame})
        monkeypatch.setattr(honesty_design, "prepared_plates", lambda *a: [])
        monkeypatch.setattr(honesty_design, "feature_names", lambda folders: ["a"])
        monkeypatch.setattr(honesty_design, "index_cells", lambda *a: index)
        data = CellDataConfig("records", where=where)
        return read_design(HonestyConfig(CellsConfig(data), **changes))

    return design


def test_sites_plates_and_layouts_are_counted(design_of):
    assert design_of(fields()) == Design(sites=2, plates=2, layouts=2, simulated=True)
    assert design_of(fields(("L1",))).layouts == 1
    assert design_of(fields(), "Plate=P1") == Design(2, 1, 1, True)


def test_without_names_of_plate_maps_there_is_one_layout(design_of):
    assert design_of(fields().drop(columns="Metadata_plate_map")).layouts == 1
    renamed = fields().rename(columns={"Metadata_plate_map": "Metadata_Plate_Map_Name"})
    assert design_of(renamed, layout_column="Plate_Map_Name").layouts == 2


@pytest.mark.parametrize("split", ["site", "plate", "layout"])
def test_what_is_there_twice_lacks_nothing(split):
    assert not Design(2, 2, 2, simulated=False).lacks(split)
    assert Design(1, 1, 1, simulated=False).lacks(split).startswith(f"{split}: ")


def test_wells_are_always_there():
    assert not Design(1, 1, 1, simulated=False).lacks("well")
