"""What a page is made of: sections, tables, drawings and pictures, and how they become HTML."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import jinja2

_TEMPLATES = Path(__file__).parent / "templates"
_ENVIRONMENT = jinja2.Environment(
    loader=jinja2.FileSystemLoader(_TEMPLATES),
    autoescape=True,
    undefined=jinja2.StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


@dataclasses.dataclass(frozen=True)
class Section:
    """One part of the page.

    Attributes:
        key: the anchor, unique on a page: letters, digits and hyphens.
        title: its heading.
        html: what `render` returned; a plain string is escaped. Empty if there is nothing to show.
        left_out: what is missing and how to get it, a line at the page's end if `html` is empty.
        simulated: whether anything in it rests on simulated images; said beside the heading.
    """

    key: str
    title: str
    html: str = ""
    left_out: str = ""
    simulated: bool = False


@dataclasses.dataclass(frozen=True)
class Table:
    """A table of texts, ready to be set.

    Attributes:
        caption: what it shows, above it.
        headings: a heading a column.
        rows: a text a column; what stands behind a line break is set small below it.
        right: positions of the columns set flush right, numbers that is.
        groups: headings above the headings, (text, columns it spans); "" for none.
        marks: a CSS class for each row, or empty.
        head: position of the column that names the rows.
    """

    caption: str
    headings: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    right: frozenset[int] = frozenset()
    groups: tuple[tuple[str, int], ...] = ()
    marks: tuple[str, ...] = ()
    head: int = 0


@dataclasses.dataclass(frozen=True)
class Drawing:
    """A figure as inline SVG.

    Attributes:
        svg: what `svg.inline` returned, the only markup that templates do not escape.
        caption: what it shows and how to read it.
        width_px: how wide it is drawn; the page may stretch it by a fifth.
    """

    svg: str
    caption: str
    width_px: int


@dataclasses.dataclass(frozen=True)
class Picture:
    """A raster image: a data URI, its words for those who do not see it, and its size."""

    uri: str
    alt: str
    width_px: int
    height_px: int


def render(template: str, **values: Any) -> str:
    """Returns the HTML of a template of this folder, marked as safe to be put into others.

    Every value is escaped: names of compounds and files come from outside.
    """
    return _ENVIRONMENT.get_template(template).make_module(values).__html__()


def read_style() -> str:
    """Returns the page's CSS."""
    return (_TEMPLATES / "page.css").read_text(encoding="utf-8")


def missing(key: str, title: str, what: str) -> Section:
    """Returns a section that is left out, and why."""
    return Section(key, title, left_out=what)
