"""All that is wrong with a table or folder, told in one error instead of one at a time."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from cellscreen.errors import PlateTableError
from cellscreen.plates.key import normalize_well

SHOWN = 20


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong, and where."""

    text: str
    file: Path | None = None
    line: int | None = None
    plate: str | None = None
    well: str | None = None

    def __str__(self) -> str:
        places = {"file": self.file, "line": self.line, "plate": self.plate, "well": self.well}
        where = ", ".join(f"{name} {place}" for name, place in places.items() if place is not None)
        return f"{where}: {self.text}" if where else self.text


class Problems:
    """Collects problems of one source; `raise_any` makes one error of them.

    Args:
        source: the table or folder.
        fix: what the user can do, one sentence.
    """

    def __init__(self, source: Path, fix: str = "") -> None:
        self.source, self.fix = source, fix
        self.found: list[Problem] = []

    def add(
        self,
        text: str,
        *,
        file: Path | None = None,
        line: int | None = None,
        plate: str | None = None,
        well: str | None = None,
    ) -> None:
        """Notes one problem; places that are not known are left out."""
        self.found.append(Problem(text, file, line, plate or None, well or None))

    def add_row(self, rows: pd.DataFrame, line: Any, text: str) -> None:
        """Notes a problem of one row of a table whose index is the line number."""
        plate, well = rows.at[line, "Metadata_Plate"], rows.at[line, "Metadata_Well"]
        self.add(text, line=line, plate=str(plate or ""), well=normalize_well(str(well or "")))

    def raise_any(self) -> None:
        """Raises what was found, in the order of the lines.

        Raises:
            PlateTableError: something was found; it tells the first 20 problems and counts all.
        """
        if not self.found:
            return
        found = sorted(self.found, key=lambda problem: problem.line or 0)
        first = found[0]
        if len(found) == 1:
            raise PlateTableError(
                first.text,
                file=first.file or self.source,
                line=first.line,
                plate=first.plate,
                well=first.well,
                fix=self.fix,
            )
        listed = [f"  {problem}" for problem in found[:SHOWN]]
        if len(found) > SHOWN:
            listed.append(f"  … and {len(found) - SHOWN} more")
        text = "\n".join([f"{len(found)} problems:", *listed, ""])
        raise PlateTableError(text, file=self.source, fix=self.fix)
