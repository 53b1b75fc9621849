"""Counts of an inventory, and the text made of it."""

import itertools
from pathlib import Path

import cv2
import numpy as np
import pandas as pd
import pytest

from cellscreen.plates.table import read_plate_table
from cellscreen.quality.findings import Finding
from cellscreen.quality.inventory import Inventory, take_inventory
from cellscreen.quality.inventory_text import describe
from cellscreen.quality.text_table import aligned

HEADER = "path,plate,well,site,cell_line,condition,hours,batch,pert_iname,concentration_um"


@pytest.fixture
def cultures(tmp_path):
    """Two wells of two sites for each condition of AC16, and a screen of two compounds."""
    image = np.arange(48, dtype=np.uint8).reshape(6, 8)
    rows = [f"{HEADER},control_type,simulated"]
    for well, site in itertools.product("ab", "12"):
        rows.append(f"n{well}{site}.png,N,{well}1,{site},AC16,normoxia,48,b1,,,,True")
        rows.append(f"h{well}{site}.png,H,{well}1,{site},AC16,hypoxia,48,b1,,,,True")
    for well, name in enumerate(["DMSO,,negcon", "Digoxin,5,trt", "Digoxin,9,trt", "X,5,trt"], 1):
        rows.append(f"s{well}.png,S,A{well},1,AC16,hypoxia,48,b1,{name},True")
    (tmp_path / "images.csv").write_text("\n".join(rows))
    table = read_plate_table(tmp_path)
    for path in table["path"]:
        cv2.imwrite(path, image)
    return table


def test_counts(cultures):
    inventory = take_inventory(cultures)
    assert inventory.totals == {
        "images": 12,
        "wells": 8,
        "plates": 3,
        "batches": 1,
        "simulated": 12,
    }
    names = ["condition", "control", "wells", "images", "images a well", "plates", "batches"]
    assert inventory.groups[names].to_numpy().tolist() == [
        ["hypoxia", "", 2, 4, "2", 1, 1],
        ["hypoxia", "negcon", 1, 1, "1", 1, 1],
        ["hypoxia", "trt", 3, 3, "1", 1, 1],
        ["normoxia", "", 2, 4, "2", 1, 1],
    ]
    assert inventory.sizes.to_dict("records") == [
        {"size (px)": "8 x 6", "type": "gray uint8", "bit depth": "", "images": 12, "plates": 3}
    ]
    assert inventory.classes.to_numpy().tolist() == [
        ["AC16 48 h", "hypoxia", 4, 2],
        ["AC16 48 h", "normoxia", 4, 2],
    ]
    assert inventory.compounds.to_dict("records") == [
        {
            "cell line": "AC16",
            "batch": "b1",
            "compounds": 2,
            "images a compound": "1-2",
            "wells a compound": "1-2",
            "vehicle wells": 1,
        }
    ]
    assert [finding.level for finding in inventory.findings] == ["note", "note"]
    assert inventory.is_usable


def test_label_column_and_groups(cultures):
    inventory = take_inventory(cultures, label_column="control_type", group_by="plate")
    assert inventory.classes.columns.tolist() == ["culture", "class", "images", "groups by plate"]
    assert inventory.classes["class"].tolist() == ["negcon", "trt"]


def test_table_with_the_four_needed_columns_only(cultures):
    needed = cultures[[*cultures.columns[:8]]]
    inventory = take_inventory(needed)
    assert inventory.groups.to_dict("records") == [
        {"wells": 8, "images": 12, "images a well": "1-2", "plates": 3}
    ]
    assert inventory.classes.empty
    assert inventory.compounds.empty


def test_only_deep_decodes(cultures):
    assert "The same pixels" not in str(take_inventory(cultures).findings)
    assert "The same pixels" in str(take_inventory(cultures, deep=True).findings)


def test_errors_come_first_and_make_it_unusable(cultures, tmp_path):
    (tmp_path / "s1.png").write_bytes(b"")
    (tmp_path / "spare.png").write_bytes(b"")
    inventory = take_inventory(cultures, folder=tmp_path)
    assert [finding.level for finding in inventory.findings] == ["error", "note", "note", "note"]
    assert not inventory.is_usable
    assert "in no row of the table: 1, this one" in str(inventory.findings)


def test_text(cultures, tmp_path):
    Path(cultures["path"][0]).write_bytes(b"")
    text = describe(take_inventory(cultures), tmp_path, "images.csv")
    lines = text.splitlines()
    assert lines[0] == (
        f"{tmp_path} (images.csv): 12 images, 8 wells, 3 plates, 1 batch, all of them simulated"
    )
    assert lines[2:5] == [
        "Images",
        "  cell line  hours  condition  control  wells  images  images a well  plates  batches",
        "  AC16          48  hypoxia    -            2       4  2                   1        1",
    ]
    start = lines.index("Errors (1)")
    assert lines[start + 1 : start + 3] == [
        "  Expected an image; the file has 0 bytes.",
        "    plate N, well A01, file na1.png",
    ]
    assert lines[-1] == "1 error, 0 warnings, 2 notes. Mend the errors before anything else."


def _of_findings(*findings):
    empty = pd.DataFrame()
    return Inventory({"images": 1, "wells": 1}, *[empty] * 6, findings)


def test_same_findings_are_said_once_with_the_first_places():
    findings = [Finding("error", "Gone.", f"/d/{i}.png", "P", f"A{i:02d}") for i in range(10)]
    text = describe(_of_findings(*findings, Finding("note", "Good.")), Path("/d"), "x")
    assert text.splitlines()[2:] == [
        "Errors (10)",
        "  Gone.",
        *[f"    plate P, well A{i:02d}, file {i}.png" for i in range(8)],
        "    … and 2 more",
        "",
        "Notes (1)",
        "  Good.",
        "",
        "10 errors, 0 warnings, 1 note. Mend the errors before anything else.",
    ]


def test_text_of_nothing_wrong():
    text = describe(_of_findings(), Path("/d"), "x")
    assert text == "/d (x): 1 image, 1 well\n\n0 errors, 0 warnings, 0 notes. Ready to build."


def test_aligned_table():
    frame = pd.DataFrame({"name": ["a", ""], "hours": [1.5, None], "n": [10, 2]})
    assert aligned(frame) == "  name  hours   n\n  a       1.5  10\n  -         -   2"
