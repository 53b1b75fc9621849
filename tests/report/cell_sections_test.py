"""Sections on what nets for single cells were asked: read as HTML, numbers by hand."""

import numpy as np
import pandas as pd
import pytest

from cellscreen.report.cell_ablation import ablation_section
from cellscreen.report.cell_balance import balance_section
from cellscreen.report.cell_bias import bias_section
from cellscreen.report.cell_calibration import calibration_drawing
from cellscreen.report.cell_confusion import confusion_section, most_confused
from cellscreen.report.cell_confusion_drawings import confusion_drawing
from cellscreen.report.cell_honesty import honesty_section
from cellscreen.report.cell_levels import levels_section
from cellscreen.report.page import render_page
from cellscreen.votes.bias import bias_figures
from cellscreen.votes.class_table import class_table
from cellscreen.votes.confusion import confusion_counts, largest_confusions
from cellscreen.votes.honesty import honesty_lines
from cellscreen.votes.reliability import reliability_table

CLASSES = ["DMSO", "<b>", "idle"]
NAN = float("nan")


def units():
    """DMSO 4 of 4 right, <b> 1 of 3, the others called DMSO; idle never called."""
    labels, called = [0] * 4 + [1] * 3 + [2], [0] * 4 + [1, 0, 0] + [0]
    rows = np.full((8, 3), 0.1)
    rows[np.arange(8), called] = 0.8
    frame = pd.DataFrame(rows, columns=[f"p_{name}" for name in CLASSES])
    return frame.assign(label=labels, called=called)


WELLS = pd.Series(["w1", "w1", "w2", "w2", "w3", "w3", "w4", "w5"])


def tidy(name, values, **columns):
    """Rows of accuracy and macro-F1, each 0.05 up and down."""
    return [
        {"metric": metric, "value": value, "low": value - 0.05, "high": value + 0.05}
        | columns
        | dict([name])
        for metric, value in zip(("accuracy", "macro_f1"), values, strict=True)
    ]


def page(read_page, section):
    text = render_page("test", [section])
    read = read_page(text)
    assert not read.open
    return read


def bias(**options):
    table, classes = units(), class_table(units(), WELLS, CLASSES)
    figures = bias_figures(table, WELLS, CLASSES, reference="DMSO")
    return bias_section(figures, classes, reference="DMSO", **options)


def test_bias_is_said_in_sentences_and_tables(read_page):
    read = page(read_page, bias(simulated=True))
    said = read.text("bias")
    assert "DMSO is 50 % of the images and 88 % of the calls" in said
    assert "The most frequent wrong call is DMSO: 1.000 [0.439, 1.000] of all wrong" in said
    assert "Of 3 classes that occur, 1 is never called, and in 2 one wrong class" in said
    row = read.row("bias", "<b>")
    assert row[1:5] == ["3", "2", "37.5 %", "12.5 %"]
    assert row[5].startswith("0.333 [")
    assert row[6:] == ["100 %", "DMSO (67 %)"]
    assert read.row("bias", "idle")[6:] == ["undefined", "DMSO (100 %)"]
    assert '<span class="tag">simulated' in render_page("test", [bias(simulated=True)])


def test_calibration_is_drawn_where_it_is_given():
    curves = {"images": reliability_table(units(), WELLS, CLASSES)}
    assert bias(curves=curves).html.count("<svg") == bias().html.count("<svg") + 1
    drawing = calibration_drawing(curves)
    assert "confidence minus accuracy 0.175" in drawing.svg  # 0.8 - 5 / 8


def test_undefined_figures_are_not_said(read_page):
    right = units().iloc[:4]
    wells = WELLS[:4]
    figures = bias_figures(right, wells, CLASSES, reference="DMSO")
    section = bias_section(figures, class_table(right, wells, CLASSES), reference="DMSO")
    read = page(read_page, section)
    assert "most frequent wrong call" not in read.text("bias")
    assert read.row("bias", "Of other classes, called the reference")[-1] == "undefined"


def test_three_hundred_classes_have_one_readable_matrix():
    random = np.random.default_rng(0)
    counts = random.integers(0, 3, (300, 300)) + np.diag(random.integers(0, 400, 300))
    names = [f"compound-{number:03d}" for number in range(300)]
    drawing = confusion_drawing(pd.DataFrame(counts, index=names, columns=names))
    assert "are not drawn." in drawing.caption
    assert len(drawing.svg) < 600_000
    assert 40 <= drawing.svg.count(">compound-") <= 80


def test_a_matrix_shows_what_is_confused(read_page):
    counts = confusion_counts(units(), CLASSES)
    section = confusion_section(counts, largest_confusions(units(), WELLS, CLASSES))
    read = page(read_page, section)
    assert "5 of 8 images are called right (62 %). 3 of 3 classes occur, 2 are" in read.text(
        "confusion"
    )
    row = read.row("confusion", "<b>")
    assert row[:2] == ["<b>", "DMSO"]
    assert row[3:] == ["2 of 3", "2 of 2", "33 %", "0 %"]
    assert section.html.count("<svg") == 1  # few classes: the whole matrix has the names


def test_many_classes_have_their_worst_part_with_names():
    names = [f"c{number}" for number in range(30)]
    counts = pd.DataFrame(10 * np.eye(30, dtype=int), index=names, columns=names)
    counts.loc["c3", "c7"], counts.loc["c9", "c3"] = 30, 5
    assert most_confused(counts) == ["c3", "c7", "c9"]
    largest = largest_confusions(
        pd.DataFrame({"label": [3], "called": [7]}), pd.Series(["w"]), names
    )
    section = confusion_section(counts, largest)
    assert section.html.count("<svg") == 2
    assert ">75<" in section.html  # percent of c3 called c7
    right = confusion_section(counts, largest.iloc[:0])
    assert right.html.count("<svg") == 1
    assert "<table" not in right.html


def test_nothing_called_is_said():
    empty = pd.DataFrame({"label": [], "called": []}, dtype=int)
    section = confusion_section(confusion_counts(empty, CLASSES), pd.DataFrame())
    assert "No image was called." in section.html


def honest(*parts):
    level = {"level": "image", "rule": "majority", "n_groups": 40, "chance": 0.2}
    return pd.DataFrame([row | level for part in parts for row in part])


def test_the_honesty_table_has_every_split_and_model_and_its_line(read_page):
    table = honest(
        tidy(("model", "well_position"), (0.9, 0.9), split="well"),
        tidy(("model", "net"), (0.6, 0.5), split="well"),
        tidy(("model", "net"), (NAN, NAN), split="layout"),
    )
    section = honesty_section(table, honesty_lines(table))
    read = page(read_page, section)
    assert read.row("honesty", "net") == [
        "well",
        "net",
        "0.600 [0.550, 0.650]",
        "0.500 [0.450, 0.550]",
        "Above chance. Below well position. Position alone predicts the label here, so this may be "
        "read from the place.",
    ]
    assert read.row("honesty", "well position")[2] == "0.900 [0.850, 0.950]"
    assert read.row("honesty", "chance")[:4] == ["well", "chance", "0.200", "0.200"]
    rows = [row for where, rows in read.tables if where == "honesty" for row in rows]
    layout = [[cell.strip() for cell in row] for row in rows if "layout" in row[0]]
    assert layout[0][2:] == ["undefined", "undefined", "Undefined: no accuracy or macro-F1."]
    assert "net: On another layout undefined, so compound and" in read.text("honesty")
    assert ">not asked<" in section.html  # position on another layout
    assert ">undefined<" in section.html


def test_differences_of_nets_are_shown_and_those_of_baselines_are_not(read_page):
    table = honest(tidy(("model", "net"), (0.6, 0.5), split="well"))
    apart = pd.DataFrame(
        [
            {"split": "well", "model": model, "against": "chance", "metric": metric}
            | {"difference": 0.1, "low": -0.025, "high": 0.2, "n_units": 60, "n_groups": 40}
            for model in ("net", "well_position")
            for metric in ("accuracy", "macro_f1")
        ]
    )
    section = honesty_section(table, honesty_lines(table, apart), apart)
    read = page(read_page, section)
    whole = [row for where, rows in read.tables if where == "honesty" for row in rows]
    rows = [[cell.strip().replace("\u00a0", " ") for cell in row] for row in whole]
    assert ["well", "net", "chance", *["0.100 [-0.025, 0.200]"] * 2] in rows
    assert not [row for row in rows if row[1] == "well position" and row[2] == "chance"]


def test_parts_of_a_net_stand_beside_the_whole(read_page):
    table = pd.DataFrame(
        [
            *tidy(("parts", "mask"), (0.2, 0.2)),
            *tidy(("parts", "table"), (0.6, 0.3)),
            *tidy(("parts", "mask+table"), (0.65, 0.6)),
        ]
    )
    section = ablation_section(table)
    read = page(read_page, section)
    assert read.row("ablation", "mask")[-1] == "below"
    assert read.row("ablation", "table")[-1] == "accuracy not told apart, macro-F1 below"
    assert read.row("ablation", "mask+table")[1:] == [
        "0.650 [0.600, 0.700]",
        "0.600 [0.550, 0.650]",
        "",
    ]
    said = read.text("ablation")
    assert "Below mask+table, so what they lack adds something: mask." in said
    assert "Beside mask+table accuracy not told apart, macro-F1 below: table." in said


def test_remedies_are_shown_with_what_they_do_to_the_reference(read_page):
    rows = [
        *tidy(("remedy", "none"), (0.4, 0.1), level="image", rule="majority"),
        *tidy(("remedy", "focal"), (0.4, 0.3), level="image", rule="majority"),
        *tidy(("remedy", "focal"), (0.9, 0.9), level="cell", rule="none"),
    ]
    leaning = {"metric": "others_called_reference", "level": "image", "rule": "majority"}
    rows += [
        leaning | {"remedy": "none", "value": 0.8, "low": 0.7, "high": 0.9},
        leaning | {"remedy": "focal", "value": 0.3, "low": NAN, "high": NAN},
    ]
    read = page(read_page, balance_section(pd.DataFrame(rows), reference="DMSO"))
    assert read.row("balance", "none")[1:] == [
        "0.400 [0.350, 0.450]",
        "0.100 [0.050, 0.150]",
        "0.800 [0.700, 0.900]",
        "",
    ]
    assert read.row("balance", "focal")[3:] == [
        "0.300 [no interval]",
        "accuracy not told apart, macro-F1 above",
    ]
    assert "The reference is DMSO." in read.text("balance")


def test_levels_are_told_with_their_rules(read_page):
    rows = [
        *tidy(("level", "cell"), (0.2, 0.1), rule="none", model="net"),
        *tidy(("level", "image"), (0.5, 0.4), rule="majority", model="net"),
        *tidy(("level", "image"), (0.9, 0.9), rule="majority", model="other"),
    ]
    section = levels_section(pd.DataFrame(rows), ["net"], metrics=("accuracy", "macro_f1"))
    read = page(read_page, section)
    assert read.row("levels", "cell")[1:] == ["", "0.200 [0.150, 0.250]", "0.100 [0.050, 0.150]"]
    assert read.row("levels", "majority")[2] == "0.500 [0.450, 0.550]"
    assert "0.900" not in section.html


@pytest.mark.parametrize("n_classes", [3, 40])
def test_recall_has_a_row_a_class_or_a_rank_a_class(n_classes):
    names = ["DMSO", *(f"c{number}" for number in range(1, n_classes))]
    labels = np.repeat(np.arange(n_classes), 2)
    table = pd.DataFrame({"label": labels, "called": labels % 3})
    table = table.assign(**{f"p_{name}": 1 / n_classes for name in names})
    wells = pd.Series(np.arange(len(table)))
    section = bias_section(
        bias_figures(table, wells, names, reference="DMSO"),
        class_table(table, wells, names),
        reference="DMSO",
    )
    assert (">c2<" in section.html.split("<table")[0]) == (n_classes == 3)
    assert "highest recall first" in section.html or n_classes == 3
