"""Plate maps as pictures of the plate: a block of cells for each variable.

A block has the numbers of the plate's columns in its first row and the letters of its rows in its
first column (8×12, 16×24, 32×48; 2×3 to 6×8 for small plates). The variable's name stands in the
block's corner, in the line above it, or is the title of a sheet with one block:

    dose (nM)   1    2    3  …  12
    A           0    0    1
    …
    H
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from cellscreen.plates.platemap_cells import WELL, MapCells, names_of
from cellscreen.plates.problems import Problems
from cellscreen.plates.spreadsheet import CellSheet

ROWS_OF = {3: 2, 4: 3, 6: 4, 8: 6, 12: 8, 24: 16, 48: 32}
_NUMBER = re.compile(r"0*(\d{1,2})")
_WORD = re.compile(r"\w*[^\W\d_]\w*")


@dataclass(frozen=True)
class Block:
    """One variable of a plate, as cells of a sheet.

    Attributes:
        sheet: the sheet.
        row: the row of the column numbers.
        column: the column of the row letters.
        columns: how many columns the plate has.
        name: the variable's name, "" where none was found.
    """

    sheet: CellSheet
    row: int
    column: int
    columns: int
    name: str

    @property
    def place(self) -> str:
        """The name of the corner cell."""
        return self.sheet.place(self.row, self.column)


def row_letters(number: int) -> str:
    """Returns the letters of a plate's row (from 0): A to Z, then AA to AF."""
    return chr(65 + number) if number < 26 else "A" + chr(65 + number - 26)


def find_blocks(sheets: list[CellSheet]) -> list[Block]:
    """Returns the blocks of all sheets: wherever 1, 2, 3 … stand in a row with A, B below left."""
    blocks = []
    for sheet in sheets:
        corners = list(_corners(sheet))
        for row, column, count in corners:
            name = _name(sheet, row, column, count)
            if not name and len(corners) == 1:
                name = sheet.title
            blocks.append(Block(sheet, row, column, count, name))
    return blocks


def read_grid(path: Path, blocks: list[Block], problems: Problems) -> MapCells:
    """Returns the wells of a plate with the variables of its blocks.

    Args:
        path: the file, for messages.
        blocks: of one plate.
        problems: gets blocks of different or unknown sizes, without a name, or of one name.
    """
    names, unit, faults = names_of([block.name for block in blocks])
    for fault in faults:
        problems.add(f"{fault} (Blocks at {', '.join(block.place for block in blocks)}.)")
    for block in blocks:
        _check_block(block, blocks[0], problems)
    problems.raise_any()
    count = blocks[0].columns
    wells = [(row, column) for row in range(ROWS_OF[count]) for column in range(count)]
    texts = {WELL: [f"{row_letters(row)}{column + 1:02d}" for row, column in wells]}
    places = {WELL: [""] * len(wells)}
    for block, name in zip(blocks, names, strict=True):
        cells = [(block.row + row + 1, block.column + column + 1) for row, column in wells]
        texts[name] = [block.sheet.cell(*cell) for cell in cells]
        places[name] = [block.sheet.place(*cell) for cell in cells]
        _check_faults(block, cells, problems)
    return MapCells(
        path,
        pd.DataFrame(texts, dtype=object),
        pd.DataFrame(places, dtype=object),
        {},
        unit,
        blocks[0].sheet.delimiter not in (",", ""),
    )


def _corners(sheet: CellSheet) -> Iterator[tuple[int, int, int]]:
    """Yields row, column and number of columns of every block."""
    for row, cells in sheet.rows.items():
        for column in range(len(cells) - 2):
            starts = _is_number(sheet.cell(row, column + 1), 1)
            if starts and sheet.cell(row + 1, column).upper() == "A":
                count = 1
                while _is_number(sheet.cell(row, column + count + 1), count + 1):
                    count += 1
                if count > 1:
                    yield row, column, count


def _is_number(text: str, number: int) -> bool:
    found = _NUMBER.fullmatch(text)
    return found is not None and int(found[1]) == number


def _name(sheet: CellSheet, row: int, column: int, count: int) -> str:
    """The corner's text, else the first text above the block's columns."""
    above = [sheet.cell(row - 1, column + step) for step in range(count + 1)]
    if _is_number_or_letter(sheet.cell(row - 1, column)):
        above = []
    named = [text for text in (sheet.cell(row, column), *above) if _WORD.search(text)]
    return named[0] if named else ""


def _is_number_or_letter(text: str) -> bool:
    """Whether the cell above the corner is the last row of another block."""
    return bool(re.fullmatch(r"[A-Za-z]|[Aa][A-Fa-f]", text))


def _check_block(block: Block, first: Block, problems: Problems) -> None:
    count = block.columns
    if count not in ROWS_OF:
        known = ", ".join(map(str, ROWS_OF))
        problems.add(f"Expected {known} columns in the block at {block.place}; got {count}.")
        return
    wanted = [row_letters(number) for number in range(ROWS_OF[count])]
    found = [block.sheet.cell(block.row + step + 1, block.column).upper() for step in range(32)]
    if found[: len(wanted)] != wanted or found[len(wanted) :][:1] == [row_letters(len(wanted))]:
        problems.add(
            f"Expected the rows A to {wanted[-1]} below {block.place}, for {count} columns; "
            f"got {' '.join(text or '(blank)' for text in found[: len(wanted) + 1])}."
        )
    if count != first.columns:
        sizes = f"{block.place} has {count} columns, the one at {first.place} {first.columns}"
        problems.add(f"Expected blocks of one plate size; the block at {sizes}.")
    if not block.name:
        problems.add(
            f"The block at {block.place} has no name. Write the variable in its corner, like "
            "compound or dose (nM)."
        )


def _check_faults(block: Block, cells: list[tuple[int, int]], problems: Problems) -> None:
    for row, column in cells:
        if (row, column) in block.sheet.faults:
            fault = block.sheet.faults[row, column]
            problems.add(f"Cell {block.sheet.place(row, column)} cannot be used: {fault}.")
