"""The single pieces: numbers as texts, inline SVG, pictures of fields."""

import base64
import re
from xml.etree import ElementTree

import cv2
import numpy as np
import pandas as pd
import pytest

from cellscreen.report import plots, texts
from cellscreen.report.pictures import as_pictures, field_pair

NAN = float("nan")


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        (texts.number(-0.12345), "\u22120.123"),
        (texts.number(NAN), "undefined"),
        (texts.short(0.000342, 2), "0.00034"),
        (texts.signed(0.1), "+0.100"),
        (texts.signed(NAN), "undefined"),
        (texts.spread(0.5, NAN), "0.500\u00a0±\u00a0undefined"),
        (texts.spread(NAN, NAN), "undefined"),
        (texts.percent(0.425), "42\u00a0%"),
        (texts.percent(NAN), "undefined"),
        (texts.concentration(2.50), "2.5 µM"),
        (texts.concentration(NAN), ""),
        (texts.listed([]), ""),
        (texts.listed(["a", "b"]), "a and b"),
        (texts.listed(["a", "b", "c"], most=2), "a, b and 1 more"),
        (texts.counted(1, "image"), "1 image"),
        (texts.counted(2000, "image"), "2,000 images"),
        (texts.cell(True), "yes"),
        (texts.cell(pd.NA), "undefined"),
    ],
)
def test_texts(text, wanted):
    assert text == wanted


def _draw(name, label="a"):
    rows = [plots.Interval(label, -0.2, -0.3, 0.1, plots.Marker("o", "half"))]
    return plots.intervals(name, "t", rows, label="x", caption="c", alt='a "quoted" <alt>')


def test_svg_takes_colours_and_size_from_the_page():
    drawing = _draw("one")
    root = ElementTree.fromstring(drawing.svg)
    assert root.tag == "svg"
    assert root.attrib["aria-label"] == 'a "quoted" <alt>'
    assert "width" not in root.attrib
    assert root.attrib["viewBox"].startswith("0 0 380")
    assert not re.search(r"#0102\d\d|http|xmlns", drawing.svg)
    assert "var(--first)" in drawing.svg


def test_svg_ids_begin_with_the_name_and_are_found():
    drawing = _draw("one two")
    root = ElementTree.fromstring(drawing.svg)
    ids = {element.attrib["id"] for element in root.iter() if "id" in element.attrib}
    used = set(re.findall(r"url\(#([^)]+)\)|href=\"#([^\"]+)\"", drawing.svg))
    assert ids
    assert all(name.startswith("one-two-") for name in ids)
    assert {first or second for first, second in used} <= ids
    assert _draw("one two") == drawing


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("<b>&", "<b>&"),
        ("$\\alpha^{", "$\\alpha^{"),
        ("bell\x07", "bell\ufffd"),
        ("x" * 40, "x" * 22 + "…"),
    ],
)
def test_labels_are_taken_as_they_are(name, wanted):
    root = ElementTree.fromstring(_draw("n", name).svg)
    assert wanted in [element.text for element in root.iter("text")]


def test_chance_bands_are_drawn():
    rows = [plots.Interval("a", 0.5, NAN, NAN, plots.Marker("o"))]
    with_band, without = (
        plots.intervals("n", "t", rows, label="x", caption="c", alt="a", bands=bands).svg
        for bands in ([0.3], [])
    )
    assert with_band.count("var(--line)") > without.count("var(--line)")


def test_field_pair_is_the_centre_and_its_edges(tmp_path):
    image = np.full((500, 400), 1000, np.uint16)
    image[:, 200:] = 3000
    cv2.imwrite(str(tmp_path / "a.png"), image)
    plane = pd.Series(
        {
            "path": str(tmp_path / "a.png"),
            "Metadata_Plate": "P",
            "Metadata_Well": "A01",
            "Metadata_Site": "3",
            "bit_depth": 12,
        }
    )
    pair = field_pair(plane)
    assert pair.where == "plate P, well A01, site 3"
    assert pair.raw.shape == pair.edges.shape == (360, 360)
    assert (pair.raw.min(), pair.raw.max()) == (0, 255)
    assert set(np.flatnonzero(pair.edges.any(axis=0))) <= {179, 180}
    raw, edges = as_pictures(pair, "cells")
    assert raw.uri.startswith("data:image/jpeg;base64,")
    decoded = cv2.imdecode(
        np.frombuffer(base64.b64decode(edges.uri.partition(",")[2]), np.uint8), cv2.IMREAD_GRAYSCALE
    )
    np.testing.assert_array_equal(decoded, 255 * (1 - pair.edges))


def test_a_blank_field_can_be_shown(tmp_path):
    cv2.imwrite(str(tmp_path / "a.png"), np.full((9, 7), 255, np.uint8))
    plane = pd.Series({"path": str(tmp_path / "a.png"), "bit_depth": pd.NA})
    for name in ("Plate", "Well", "Site"):
        plane[f"Metadata_{name}"] = "1"
    pair = field_pair(plane)
    assert pair.raw.shape == (9, 7)
    assert not pair.edges.any()
