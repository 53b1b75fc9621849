import dataclasses

import pandas as pd

from cellscreen.report.mid_false import answer, calls_table, false_section, neighbour_texts


def test_the_most_confidently_wrong_compounds_are_shown_with_cells(toy_explanation):
    asked = toy_explanation()
    section = false_section(asked)
    calls = pd.read_csv(asked.output / "compound_calls.csv")

    assert "3 of 4 labelled compounds were called wrong out of fold" in section.html
    assert calls["compound"].tolist() == ["D", "A", "B", "C"]
    assert calls["wrong"].tolist() == [True, True, True, False]
    # Three wrong ones and the best one of the only class with a right call.
    assert section.html.count("<img") == 4
    assert section.html.index("<strong>D</strong>") < section.html.index("<strong>A</strong>")
    assert "labelled toxic, called safe with 0.906" in section.html


def test_without_known_classes_the_section_is_left_out(toy_explanation):
    asked = toy_explanation()
    asked = dataclasses.replace(asked, manifest=asked.manifest.assign(label=-1))

    assert false_section(asked).left_out == "no compound has a known class."


def test_a_compound_whose_cells_were_not_explained_is_told(toy_explanation):
    asked = toy_explanation()
    cells = asked.manifest["cells"].where(asked.manifest["Metadata_pert_iname"] != "D", 0)
    asked = dataclasses.replace(asked, manifest=asked.manifest.assign(cells=cells))

    assert "None of its cells were explained." in false_section(asked).html


def test_neighbours_are_told_with_their_classes():
    nearest = pd.DataFrame(
        {
            "Metadata_pert_iname": ["A", "A", "B"],
            "rank": [2, 1, 1],
            "neighbour": ["C", "B", None],
            "cosine": [0.5, 0.9, float("nan")],
            "among": [7, 7, 0],
        }
    )
    texts = neighbour_texts(nearest, pd.Series({"B": "toxic"}))

    assert texts == {
        "A": "Nearest of 7 compounds of the same net: B (toxic, cosine 0.90) and C (class not "
        "known, cosine 0.50)."
    }


def test_no_wrong_call_needs_no_table():
    calls = pd.DataFrame({"wrong": [False]})

    assert answer(calls) == (
        "0 of 1 labelled compound were called wrong out of fold, by the mean over all bags."
    )
    assert calls_table(calls[calls["wrong"]]) is None
