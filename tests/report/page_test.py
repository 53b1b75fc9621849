"""The whole page: what it says, that it is complete in itself, and that nothing breaks out."""

import itertools
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from cellscreen import commands
from cellscreen.plates.columns import plate_table
from cellscreen.plates.table import write_plate_table
from cellscreen.report.data import ReportData, read_report_data
from cellscreen.report.glance import data_at_a_glance
from cellscreen.report.limits import limits
from cellscreen.report.page import SECTIONS, banners, render_page, write_report
from cellscreen.report.section import Section, render
from cellscreen.report.setup import what_was_run
from cellscreen.training.sweeps.table import SweepTable, write_sweep

ROOT = Path(__file__).resolve().parents[2]
XSS = '<script>alert("x")</script>'


@pytest.fixture(scope="module")
def words(run_folder, votes_folder, images_folder, tmp_path_factory):
    """The verb's words for a page with every part, all but --output."""
    folder = tmp_path_factory.mktemp("tables")
    kinds = ["protects", "inactive", "toxic", "one_line"]
    truth = pd.DataFrame({"pert_iname": ["good", "idle", "poor", "single"], "kind": kinds})
    truth.assign(lines=["AC16 H9C2", "", "", "AC16"]).to_csv(folder / "truth.csv", index=False)
    rows = [("net", "Wortmannin", 0.81, 0.7, 0.9, 0.33), ("shuffled", "Wortmannin", *[np.nan] * 4)]
    names = ["model", "compound", "rho", "low", "high", "null"]
    pd.DataFrame(rows, columns=names).to_csv(folder / "dose.csv", index=False)
    return [
        "report",
        f"--runs={run_folder('ac16')},{run_folder('h9c2', net='plain')}",
        f"--hits={votes_folder(simulated=True) / 'hits.csv'}",
        f"--oracle_hits={votes_folder(simulated=True)}",
        f"--images={images_folder()}",
        f"--truth={folder / 'truth.csv'}",
        f"--dose={folder / 'dose.csv'}",
        f"--sweeps={_sweep(folder / 'table9')}",
        f"--checks={_checked(folder / 'checked')}",
        "--title=Screen <1> & more",
    ]


def _checked(folder):
    """Writes what a deep check leaves of one suspicious well."""
    row = {"path": "a", "Metadata_Plate": "P", "Metadata_Well": "A01", "Metadata_Site": "1"}
    write_plate_table(plate_table(pd.DataFrame([row])), folder / "plate_table.parquet")
    names = ["Metadata_Plate", "Metadata_Well", "images", "flagged", "flags", "reasons"]
    wells = pd.DataFrame([["P", "A01", 1, 1, "debris 1", XSS]], columns=names)
    wells.to_csv(folder / "suspicious_wells.csv", index=False)
    return folder


def _sweep(folder):
    """Writes a sweep of one cell that is trained."""
    row = {"cell": "plain", "net": "plain", "status": "done", "reason": "", "simulated": True}
    row |= {"leaky": False, "below_baseline": "", "paper_called": "CNN"}
    for metric in ("f1", "accuracy", "precision", "recall", "auroc"):
        row |= {f"{metric}{end}": 0.8 for end in ("", "_sd", "_pooled", "_low", "_high")}
        row[f"paper_{metric}"] = 0.9
    about = {"name": "t", "title": "Table <9>", "flags": ("net",), "source": "a paper"}
    about |= {"orders": (), "changes_from": "paper.flags", "changes": ("epochs: 150 -> 40",)}
    folder.mkdir()
    write_sweep(SweepTable(**about, rows=pd.DataFrame([row])), folder)
    return folder


@pytest.fixture(scope="module")
def text(words, tmp_path_factory):
    """The page with every part."""
    path = tmp_path_factory.mktemp("page") / "report.html"
    assert commands.main([*words, f"--output={path}"]) == 0
    return path.read_text(encoding="utf-8")


def test_page_has_every_part(text, read_page):
    page = read_page(text)
    assert page.headings[0] == ["h1", "Screen <1> & more"]
    sections = [attributes["id"] for tag, attributes in page.tags if tag == "section"]
    wanted = ["summary", "setup", "data", "light", "nets", "paper-tables", "compounds", "dose"]
    assert sections == [*wanted, "warnings", "limits"]
    assert len(text) < 1_000_000


def test_page_loads_nothing_and_runs_nothing(text, read_page):
    assert not re.search(r"https?:|[\"'(]//|@import|javascript:", text)
    for tag, attributes in read_page(text).tags:
        assert tag not in ("script", "iframe", "object", "embed", "form")
        assert attributes.get("src", "data:").startswith("data:")
        assert attributes.get("href", "#").startswith(("#", "data:"))
        assert not [name for name in attributes if name.startswith("on")]


def test_page_is_accessible(text, read_page):
    page = read_page(text)
    assert not page.open
    levels = [int(tag[1]) for tag, _ in page.headings]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in itertools.pairwise(levels))
    assert ("html", {"lang": "en"}) in page.tags
    for tag, attributes in page.tags:
        if tag == "img":
            assert len(attributes["alt"]) > 20
        if tag == "svg":
            assert attributes["role"] == "img"
            assert len(attributes["aria-label"]) > 20
        if tag == "th":
            assert attributes["scope"] in ("col", "row", "colgroup")
    ids = [attributes["id"] for _, attributes in page.tags if "id" in attributes]
    assert len(ids) == len(set(ids))
    links = [a["href"][1:] for tag, a in page.tags if tag in ("a", "use") and "href" in a]
    assert set(links) <= set(ids)
    assert len(page.tables) == [tag for tag, _ in page.tags].count("caption")


def test_same_input_gives_the_same_bytes(words, text, tmp_path, capsys):
    commands.main([*words, f"--output={tmp_path / 'report.html'}"])
    assert str(tmp_path / "report.html") in capsys.readouterr().out
    assert (tmp_path / "report.html").read_text(encoding="utf-8") == text


def test_names_of_compounds_cannot_break_out(votes_folder, tmp_path, read_page):
    name = f"{XSS}&amp; $\\frac$ \x07 中"
    data = read_report_data(votes=votes_folder(better=name))
    write_report(data, tmp_path / "report.html", XSS)
    text = (tmp_path / "report.html").read_text(encoding="utf-8")
    page = read_page(text)
    assert "<script" not in text
    assert "script" not in [tag for tag, _ in page.tags]
    assert page.row("compounds", " ".join(name.split()))[2].endswith("active")
    assert f"1 of 3 is active: {name}, at 10 µM." in page.text("summary")


def test_simulated_and_leaky_banners(run_folder, read_page):
    data = read_report_data(runs=[run_folder("a", simulated=True), run_folder("b", leaky=True)])
    found = banners(data)
    assert [banner.head for banner in found] == ["SIMULATED DATA", "LEAKY SPLIT"]
    page = read_page(render_page("t", [what_was_run(data), limits(data)], found))
    assert "SIMULATED DATA · LEAKY SPLIT" in page.text(None)
    assert "simulated images: run a. They say nothing about real cells" in page.text(None)
    assert "In b images of one well are in training and held out at once." in page.text(None)
    assert ["h2", "What was run simulated"] in page.headings
    assert "3 by well (leaky)" in page.row("setup", "b")
    assert "Simulated images say how the method works" in page.text("limits")
    assert "Leaky folds" in page.text("limits")


def test_every_simulated_part_raises_the_banner(votes_folder, images_folder):
    doses = pd.DataFrame({"rho": [0.5], "simulated": [True]})
    parts = [
        read_report_data(votes=votes_folder(simulated=True)),
        read_report_data(images=[images_folder(simulated=True)]),
        ReportData(doses=doses),
    ]
    for data in parts:
        assert [banner.key for banner in banners(data)] == ["simulated"]


def test_honest_real_data_has_no_banner(run_folder, votes_folder, images_folder, read_page):
    data = read_report_data(
        runs=[run_folder()], votes=votes_folder(), images=[images_folder(simulated=False)]
    )
    assert banners(data) == []
    page = read_page(render_page("t", [what_was_run(data), data_at_a_glance(data)]))
    assert not [text for text in page.texts.values() if "simulated" in text.lower()]


def test_missing_parts_are_told(images_folder, read_page):
    data = read_report_data(images=[images_folder()])
    page = read_page(render_page("t", [make(data) for make in SECTIONS]))
    left_out = page.text("left-out")
    assert "How well the nets tell the classes apart: no training was given (--runs)." in left_out
    assert "Ranked compounds: no vote was given (--hits)." in left_out
    assert "Dose and controls: no dose figures were given (--dose)." in left_out
    assert "compounds" not in page.texts
    assert "4 images; nothing was scored." in page.text("summary")


def test_a_new_section_needs_no_other(read_page):
    html = render("list.html", lines=["Row <A> is dim."], nothing="")
    sections = [Section("plates", "Plates", html), Section("x", "Raw", "<b>not markup</b>")]
    page = read_page(render_page("t", sections))
    assert page.text("plates") == "Plates Row <A> is dim."
    assert page.text("x") == "Raw <b>not markup</b>"


def test_sections_are_empty_without_data():
    shown = [make(ReportData()).key for make in SECTIONS if make(ReportData()).html]
    assert shown == ["summary", "warnings", "limits"]


def test_report_loads_no_tensorflow():
    code = (
        "import sys; import cellscreen.report.page, cellscreen.commands.report\n"
        "print({'tensorflow', 'keras'} & set(sys.modules))"
    )
    result = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert result.stdout == "set()\n"
