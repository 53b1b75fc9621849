"""Matplotlib figures as inline SVG that takes the page's colours and fonts.

Figures are drawn with the placeholder colours below; in the SVG they become CSS variables, so one
drawing serves the light and the dark page. A figure is as many points wide as it is pixels on the
page.
"""

from __future__ import annotations

import io
import re
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from xml.etree import ElementTree

import matplotlib
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from cellscreen.report.section import Drawing

INK, FAINT, GRID, PAPER, FIRST, SECOND = (
    "#010203",
    "#010204",
    "#010205",
    "#010206",
    "#010207",
    "#010208",
)
_VARIABLES = {
    INK: "var(--ink)",
    FAINT: "var(--faint)",
    GRID: "var(--line)",
    PAPER: "var(--card)",
    FIRST: "var(--first)",
    SECOND: "var(--second)",
}
_POINTS = 72
_STYLE = {
    "figure.dpi": _POINTS,
    "font.size": 11,
    "font.family": "sans-serif",
    "font.sans-serif": ["DejaVu Sans"],
    # A dollar in a compound's name is a dollar.
    "text.parse_math": False,
    "text.color": INK,
    "axes.labelcolor": INK,
    "axes.titlesize": 11,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.edgecolor": FAINT,
    "axes.facecolor": "none",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.unicode_minus": True,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": GRID,
    "grid.linewidth": 0.8,
    "xtick.color": FAINT,
    "ytick.color": FAINT,
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
    "figure.facecolor": "none",
    "legend.frameon": False,
    "hatch.linewidth": 0.8,
    "svg.fonttype": "none",
}
_SVG, _LINK = "{http://www.w3.org/2000/svg}", "{http://www.w3.org/1999/xlink}"


@contextmanager
def figure(width_px: int, height_px: float, rows: int = 1, columns: int = 1) -> Iterator:
    """Yields a figure in the page's style and its axes, `(rows, columns)` of them."""
    with matplotlib.rc_context(_STYLE):
        made = Figure(figsize=(width_px / _POINTS, height_px / _POINTS), layout="constrained")
        yield made, made.subplots(rows, columns, squeeze=False)


def draw(
    name: str,
    caption: str,
    alt: str,
    size_px: tuple[int, float],
    fill: Callable[[Axes], None],
) -> Drawing:
    """Returns a drawing with one pair of axes, filled by `fill`."""
    with figure(*size_px) as (made, axes):
        fill(axes[0, 0])
        return inline(made, name, caption, alt)


def inline(made: Figure, name: str, caption: str, alt: str) -> Drawing:
    """Returns a figure as inline SVG.

    Args:
        made: drawn under `figure`.
        name: unique on the page, since ids inside the SVG begin with it.
        caption: shown below it.
        alt: its content in words, for those who do not see it.
    """
    buffer = io.StringIO()
    width = round(made.get_figwidth() * _POINTS)
    with matplotlib.rc_context(_STYLE | {"svg.hashsalt": name}), warnings.catch_warnings():
        # The browser has glyphs that the font used for measuring lacks.
        warnings.filterwarnings("ignore", message="Glyph .* missing from font")
        made.savefig(buffer, format="svg", metadata={"Date": None}, transparent=True)
    root = ElementTree.fromstring(buffer.getvalue())
    for child in list(root):
        # The style is the same in every figure: the page has it once.
        if child.tag == f"{_SVG}metadata" or child.find(f"{_SVG}style") is not None:
            root.remove(child)
    for element in root.iter():
        _make_inline(element, re.sub(r"\W+", "-", name))
    root.attrib = {"viewBox": root.attrib["viewBox"], "role": "img", "aria-label": alt}
    return Drawing(ElementTree.tostring(root, encoding="unicode"), caption, width)


def _make_inline(element: ElementTree.Element, name: str) -> None:
    """Takes away namespaces, prefixes ids, and turns placeholder colours into variables."""
    element.tag = element.tag.removeprefix(_SVG)
    if element.tag == "g":
        element.attrib.pop("id", None)
    if "id" in element.attrib:
        element.attrib["id"] = f"{name}-{element.attrib['id']}"
    if f"{_LINK}href" in element.attrib:
        element.attrib["href"] = f"#{name}-{element.attrib.pop(f'{_LINK}href')[1:]}"
    for key in element.attrib.keys() & {"style", "clip-path"}:
        value = element.attrib[key].replace("url(#", f"url(#{name}-")
        for colour, variable in _VARIABLES.items():
            value = value.replace(colour, variable)
        element.attrib[key] = value
