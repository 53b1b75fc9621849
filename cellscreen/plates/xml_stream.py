"""Reads XML of any size in flat memory, and nothing that XML should not do to a reader.

Document type declarations are refused: no entities, no bombs, no files fetched. Names are matched
without their namespace, which differs between versions of one program.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from pathlib import Path
from xml.etree.ElementTree import Element, ParseError

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import iterparse

from cellscreen.errors import PlateTableError

_AGAIN = "Copy or export the file again."


def local_name(name: str) -> str:
    """Returns a name without its namespace.

    Example:
        >>> local_name("{http://example.org/V7}Image")
        'Image'
    """
    return name.rpartition("}")[2]


def elements(path: Path, names: Collection[str]) -> Iterator[Element]:
    """Yields each element of the given local names when it is complete, then forgets it.

    Args:
        path: the file.
        names: local names; of two that are asked for, the inner one comes first and stays in it.

    Raises:
        PlateTableError: the file cannot be read, is empty, cut or no XML, or declares a document
            type; with the line where the parser says one.
    """
    open_elements: list[Element] = []
    wanted = 0
    for event, element in _events(path):
        name = local_name(element.tag)
        if event == "start":
            open_elements.append(element)
            wanted += name in names
            continue
        open_elements.pop()
        if name in names:
            wanted -= 1
            yield element
        if not wanted and open_elements:
            open_elements[-1].remove(element)


def root_of(path: Path) -> Element:
    """Returns the outermost element of an XML file, without what is in it.

    Raises:
        PlateTableError: as `elements`.
    """
    _, root = next(_events(path))
    return Element(root.tag, dict(root.attrib))


def _events(path: Path) -> Iterator[tuple[str, Element]]:
    try:
        if path.stat().st_size == 0:
            raise PlateTableError("Expected XML, got an empty file.", file=path, fix=_AGAIN)
        with path.open("rb") as file:
            yield from iterparse(file, events=("start", "end"), forbid_dtd=True)
    except DefusedXmlException as error:
        raise PlateTableError(
            f"Expected XML without a document type or entities; got {type(error).__name__}.",
            file=path,
            fix="A microscope writes none: do not trust this file.",
        ) from error
    except ParseError as error:
        raise PlateTableError(
            f"Expected whole XML; got: {error.msg}.", file=path, line=error.position[0], fix=_AGAIN
        ) from error
    except (LookupError, ValueError) as error:
        raise PlateTableError(
            f"Expected XML; its encoding cannot be read: {error}.", file=path, fix=_AGAIN
        ) from error
    except OSError as error:
        raise PlateTableError(f"The file cannot be read: {error.strerror}.", file=path) from error
