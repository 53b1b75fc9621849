"""Classes, groups for folds, vehicle controls, both cell lines."""

import pandas as pd
import pytest

from cellscreen.errors import ConfigError
from cellscreen.quality.design_checks import (
    check_classes,
    check_controls,
    culture_names,
    labelled_rows,
)
from cellscreen.quality.findings import Finding


def _table(names, *rows):
    """A plate table of one site a row; `names` are metadata columns, `plate` and `well` first."""
    table = pd.DataFrame([row.split(",") for row in rows], columns=names.split(","))
    table.columns = [f"Metadata_{name}" for name in table]
    table = table.rename(
        columns={"Metadata_plate": "Metadata_Plate", "Metadata_well": "Metadata_Well"}
    )
    if "Metadata_hours" in table:
        table["Metadata_hours"] = table["Metadata_hours"].astype(float)
    return table.assign(Metadata_Site="1", path=[f"/{i}.png" for i in range(len(table))])


CULTURE = "plate,well,cell_line,hours,condition"
SCREEN = "plate,well,cell_line,batch,condition,pert_iname,control_type"


def test_culture_of_two_classes_and_two_wells_each_is_fine():
    rows = [f"P1,{well},AC16,48,{['normoxia', 'hypoxia'][well > 'b']}" for well in "abcd"]
    assert check_classes(_table(CULTURE, *rows), None) == []


def test_one_condition_only():
    table = _table(CULTURE, "P1,A1,AC16,48,hypoxia", "P1,A2,AC16,48,hypoxia")
    text = "AC16 48 h: all images are hypoxia; a training needs two classes."
    assert check_classes(table, None) == [Finding("warning", text)]
    assert check_classes(table, "condition") == [Finding("error", text)]


def test_wells_of_a_screen_are_not_for_training():
    table = _table(SCREEN, "P1,A1,AC16,b,hypoxia,DMSO,negcon", "P1,A2,AC16,b,hypoxia,x,trt")
    assert check_classes(table, None) == []
    assert len(labelled_rows(table, "condition")) == 2
    assert labelled_rows(table, "control_type")["label"].tolist() == ["negcon", "trt"]


def test_folders_without_wells_have_no_honest_fold():
    rows = [f"P{i % 2},folder,AC16,48,{['normoxia', 'hypoxia'][i % 2]}" for i in range(6)]
    first, second = check_classes(_table(CULTURE, *rows), None)
    assert first == Finding(
        "warning",
        "AC16 48 h: the file names have no well (A01_1.tif, dish-03_1.tif), so no honest fold "
        "exists; only --fold_by=site, marked leaky, trains.",
    )
    assert second.text.startswith("Every plate holds one condition only")


def test_one_well_of_a_class():
    rows = ["P1,A1,AC16,48,hypoxia", "P1,A2,AC16,48,normoxia", "P1,A3,AC16,48,normoxia"]
    (finding,) = check_classes(_table(CULTURE, *rows), None)
    assert finding.level == "warning"
    assert "hypoxia has 1 group by well, so no honest fold exists" in finding.text


def test_folds_by_site_are_leaky():
    rows = ["P1,A1,AC16,48,hypoxia", "P1,A2,AC16,48,normoxia"]
    (finding,) = check_classes(_table(CULTURE, *rows), None, "site")
    assert (finding.level, finding.text[:27]) == ("warning", "Folds by site are leaky: im")


def test_condition_that_is_constant_within_each_plate():
    rows = [f"P{i},{w},AC16,48,{['normoxia', 'hypoxia'][i % 2]}" for i in range(4) for w in "ab"]
    (finding,) = check_classes(_table(CULTURE, *rows), None)
    assert finding.level == "note"
    assert "Every plate holds one condition only: what a net learns of condition" in finding.text
    (finding,) = check_classes(_table(CULTURE, *rows), "Metadata_condition")
    assert "of condition may be the plate's" in finding.text


def test_row_without_a_value_of_the_column_of_folds():
    rows = ["P1,a,AC16,n,1", "P1,b,AC16,n,2", "P1,c,AC16,h,1", "P1,d,AC16,h,2", "P1,e,AC16,h,"]
    table = _table("plate,well,cell_line,drug,row_pair", *rows)
    (finding,) = check_classes(table, "drug", "row_pair")
    assert finding == Finding(
        "error", "No value of row_pair, by which folds are made.", "/4.png", "P1", "e"
    )


def test_unknown_label_column():
    with pytest.raises(ConfigError, match="got 'label'"):
        check_classes(_table("plate,well", "P1,A1"), "label")


def test_names_of_cultures():
    table = _table("plate,well,cell_line,hours", "P,a,AC16,1.5", "P,b,,48", "P,c,H9C2,nan")
    assert culture_names(table).tolist() == ["AC16 1.5 h", "images 48 h", "H9C2"]
    assert culture_names(_table("plate,well", "P,a")).tolist() == ["images"]


BOTH_LINES = [
    "P1,A1,AC16,b1,hypoxia,DMSO,negcon",
    "P1,A2,AC16,b1,hypoxia,Digoxin,trt",
    "P2,A1,H9C2,b1,hypoxia,DMSO,negcon",
    "P2,A2,H9C2,b1,hypoxia,Digoxin,trt",
]


def test_screen_with_controls_and_both_lines_is_fine():
    assert check_controls(_table(SCREEN, *BOTH_LINES)) == []


@pytest.mark.parametrize(
    "instead",
    [
        "P2,A1,H9C2,b2,hypoxia,DMSO,negcon",
        "P2,A1,H9C2,b1,normoxia,DMSO,negcon",
        "P2,A1,H9C2,b1,hypoxia,DMSO,poscon",
    ],
)
def test_no_vehicle_control_in_a_line_and_batch(instead):
    rows = [*BOTH_LINES[:2], instead, BOTH_LINES[3]]
    assert check_controls(_table(SCREEN, *rows)) == [
        Finding(
            "error",
            "No vehicle control (control_type=negcon, condition=hypoxia) for the compounds of cell "
            "line H9C2, batch b1.",
        )
    ]


def test_no_vehicle_control_where_no_condition_is_stated():
    (finding, _) = check_controls(_table("plate,well,control_type", "P,a,trt", "P,b,poscon"))
    assert "(control_type=negcon) for the compounds of cell line ?, batch ?." in finding.text


def test_compound_in_one_line_only_is_listed():
    table = _table(SCREEN, *BOTH_LINES, "P1,A3,AC16,b1,hypoxia,Ouabain,trt")
    text = "Compound Ouabain has images in AC16 only: it gets no vote."
    assert check_controls(table) == [Finding("warning", text)]


def test_screen_of_one_line_is_told_once():
    text = "Compounds of one cell line: a vote takes two."
    assert check_controls(_table(SCREEN, *BOTH_LINES[:2])) == [Finding("note", text)]


def test_cultures_need_no_control():
    assert check_controls(_table(CULTURE, "P1,A1,AC16,48,hypoxia")) == []
    assert check_controls(_table(SCREEN, "P1,A1,AC16,b1,hypoxia,,")) == []
