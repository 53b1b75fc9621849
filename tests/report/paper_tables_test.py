"""The section on the paper's tables, checked on its HTML."""

import dataclasses
import math

import pandas as pd
import pytest

from cellscreen.report.data import ReportData, read_report_data
from cellscreen.report.limits import limits
from cellscreen.report.page import SECTIONS, banners, render_page
from cellscreen.report.paper_tables import paper_tables
from cellscreen.report.summary import summary
from cellscreen.training.sweeps.file import Order
from cellscreen.training.sweeps.table import SweepTable, write_sweep

METRICS = ("f1", "accuracy", "precision", "recall", "auroc")


def _row(net, value, paper, **other):
    row = {"cell": f"{net}_24h", "net": net, "where": "24h", "status": "done", "reason": ""}
    for metric in METRICS:
        row[metric] = row[f"{metric}_pooled"] = value
        row |= {f"{metric}_sd": 0.01, f"{metric}_low": value - 0.1, f"{metric}_high": value + 0.1}
    figures = {f"paper_{metric}": math.nan for metric in METRICS[:4]} | {"paper_f1": paper}
    said = {"simulated": True, "leaky": False, "below_baseline": "", "seconds": 60.0}
    return row | said | figures | {"paper_called": net.title()} | other


@pytest.fixture
def sweep():
    below = _row("dense", 0.9, 0.8, below_baseline="edge_density (auroc 0.950, net 0.900)")
    failed = {"cell": "cbam_24h", "net": "cbam", "where": "24h", "status": "failed"}
    failed |= {"reason": "Expected <two> classes.", "paper_f1": 0.7, "paper_called": "Cbam"}
    return SweepTable(
        name="table9",
        title="Nets & Table IX",
        flags=("net", "where"),
        source="a paper, Table IX",
        orders=(Order("nets", "net"),),
        changes_from="paper.flags",
        changes=("epochs: 150 -> 40",),
        rows=pd.DataFrame([_row("plain", 0.6, 0.9), below, failed]),
    )


@pytest.fixture
def page(read_page):
    return lambda section: read_page(render_page("t", [section]))


def test_figures_stand_beside_the_papers(sweep, page):
    shown = page(paper_tables(ReportData(sweeps=(sweep,))))
    assert shown.row("paper-tables", "plain")[:5] == [
        "plain",
        "24h",
        "0.600 ± 0.010 0.500 to 0.700",
        "0.900",
        "0.600 ± 0.010 0.500 to 0.700",
    ]
    assert shown.row("paper-tables", "plain")[-1] == "above"
    assert shown.row("paper-tables", "dense")[-1].startswith("not above edge_density")
    text = shown.text("paper-tables")
    assert "2 of 3 cells are trained." in text
    assert "Paper: a paper, Table IX, other data." in text
    assert "here: plain < dense: the paper's order does not show." in text
    assert "epochs: 150 -> 40" in text


def test_a_failed_cell_says_why(sweep, page):
    row = page(paper_tables(ReportData(sweeps=(sweep,)))).row("paper-tables", "cbam")
    assert row[2:4] == ["", "0.700"]
    assert row[-1] == "failed Expected <two> classes."


def test_the_drawing_says_its_figures(sweep, page):
    shown = page(paper_tables(ReportData(sweeps=(sweep,))))
    labels = [attributes["aria-label"] for tag, attributes in shown.tags if tag == "svg"]
    assert labels == [
        "F1 of each cell of the sweep with its interval: plain_24h 0.60; dense_24h 0.90."
    ]


def test_an_undefined_figure_is_said(sweep, page):
    rows = sweep.rows.assign(f1=math.nan, f1_pooled=math.nan, f1_low=math.nan)
    shown = page(paper_tables(ReportData(sweeps=(dataclasses.replace(sweep, rows=rows),))))
    assert shown.row("paper-tables", "plain")[2] == "undefined"


def test_a_sweep_of_no_paper_has_no_column_of_it(sweep, page):
    rows = sweep.rows.drop(columns=[name for name in sweep.rows if name.startswith("paper_")])
    alone = dataclasses.replace(sweep, source="", orders=(), changes_from="", rows=rows)
    shown = page(paper_tables(ReportData(sweeps=(alone,))))
    assert len(shown.row("paper-tables", "plain")) == 2 + 5 + 1
    assert "paper.flags" not in shown.text("paper-tables")
    assert "diamond" not in shown.text("paper-tables")


def test_without_a_sweep_the_section_is_left_out():
    section = paper_tables(ReportData())
    assert (section.html, section.left_out) == ("", "no sweep was given (--sweeps).")


def test_a_report_on_a_sweep_alone_is_whole(sweep, tmp_path, read_page):
    write_sweep(sweep, tmp_path)
    data = read_report_data(sweeps=[tmp_path])
    assert [banner.key for banner in banners(data)] == ["simulated"]
    assert f"sweep {tmp_path.name}" in data.simulated_parts
    page = read_page(render_page("t", [make(data) for make in SECTIONS], banners(data)))
    assert ["h2", "Tables of the paper simulated"] in page.headings
    assert page.row("paper-tables", "plain")[3] == "0.900"
    assert "Nets & Table IX" in page.text("summary")
    assert "the paper's order does not show" in page.text("summary")
    assert not page.open


def test_its_figures_have_their_limits(sweep, page):
    text = page(limits(ReportData(sweeps=(sweep,)))).text("limits")
    assert "Simulated images say how the method works" in text
    assert "it is no confidence interval" in text
    leaky = dataclasses.replace(sweep, rows=sweep.rows.assign(leaky=True))
    assert ReportData(sweeps=(leaky,)).leaky_runs == ["table9"]
    assert ReportData(sweeps=(sweep,)).leaky_runs == []
    assert "no order of a paper" in page(
        summary(ReportData(sweeps=(dataclasses.replace(sweep, orders=()),)))
    ).text("summary")
