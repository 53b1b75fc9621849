"""Typed errors. Each says what was expected, what was received, where, and what to do."""

from __future__ import annotations

from pathlib import Path


class CellscreenError(Exception):
    """Base of every error a user can cause or mend.

    Args:
        problem: what was expected and what was received, one sentence.
        file: the file at fault, if any.
        line: the line in that file, counted from 1 (the header is line 1).
        plate: the plate at fault, if any.
        well: the well at fault, if any.
        fix: what the user can do, one sentence.

    Example:
        >>> print(ImageError("Expected an image, got 0 bytes.", file="a.tif", well="A01"))
        Expected an image, got 0 bytes. [file a.tif, well A01]
    """

    def __init__(
        self,
        problem: str,
        *,
        file: str | Path | None = None,
        line: int | None = None,
        plate: str | None = None,
        well: str | None = None,
        fix: str = "",
    ) -> None:
        self.problem, self.file, self.line = problem, file, line
        self.plate, self.well, self.fix = plate, well, fix
        places = {"file": file, "line": line, "plate": plate, "well": well}
        where = ", ".join(f"{name} {place}" for name, place in places.items() if place is not None)
        super().__init__(" ".join(part for part in (problem, where and f"[{where}]", fix) if part))


class ImageError(CellscreenError):
    """An image file is missing, unreadable, or not what its metadata promises."""


class PlateTableError(CellscreenError):
    """A table or folder of images does not make a plate table."""


class RecordError(CellscreenError):
    """Prepared records are missing, incomplete, or made from something else."""


class ConfigError(CellscreenError):
    """A flag or config field has a value that cannot work."""


class DataError(CellscreenError):
    """The data cannot carry the asked-for training: no class, no group, no control."""


class ScoreError(CellscreenError):
    """A score table lacks what a verdict needs."""
