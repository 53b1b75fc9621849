"""Look at a folder of images: what is there, what is missing, what is wrong.

Reads the folder's images.csv, or folders <cell_line>/<hours>H/<normoxia|hypoxia>, and the header of
every image (about a second per 1,000). It prints what was found per cell line, time, condition and
control type, then errors, warnings and notes:

  cellscreen check --images=my_cultures

An error is what no other verb can work with: an image that is missing, empty, cut off or of another
size, 16-bit values without a bit depth, compounds without a vehicle control. A warning makes a
result doubtful: one condition only, no wells to make folds of, a compound in one cell line only.

  cellscreen check --images=my_plates --deep --label_column=control_type --group_by=row_pair

The exit status is 0 without errors (warnings are fine), 1 with errors, 2 if a flag is wrong.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from absl import flags

from cellscreen import commands

FLAGS = flags.FlagValues()
_IMAGES = flags.DEFINE_string("images", None, "Folder of images.", flag_values=FLAGS, required=True)
_DEEP = flags.DEFINE_bool(
    "deep",
    False,
    "Decode every image; check values against bit_depth and find copies.",
    flag_values=FLAGS,
)
_LABEL_COLUMN = flags.DEFINE_string(
    "label_column",
    None,
    "Column of the classes you will train on; condition by default, without a screen's wells.",
    flag_values=FLAGS,
)
_GROUP_BY = flags.DEFINE_string(
    "group_by",
    "well",
    "What is never in two folds: well (or dish), plate, position, compound, site or any column.",
    flag_values=FLAGS,
)


def main(argv: list[str]) -> int:
    """Prints the inventory of a folder."""
    from cellscreen.errors import PlateTableError
    from cellscreen.plates.table import read_with_layout
    from cellscreen.quality.inventory import take_inventory
    from cellscreen.quality.inventory_text import describe

    del argv
    folder = Path(_IMAGES.value)
    try:
        table, layout = read_with_layout(folder)
    except PlateTableError as error:
        print(f"Errors\n  {error}")
        return 1
    inventory = take_inventory(
        table,
        label_column=_LABEL_COLUMN.value,
        group_by=_GROUP_BY.value,
        deep=_DEEP.value,
        watch=_progress,
        folder=folder,
    )
    print(describe(inventory, folder, layout))
    return 0 if inventory.is_usable else 1


def _progress(items: Iterable[Any], total: int) -> Iterator[Any]:
    """Shows a bar on a terminal where there is one and the work takes longer than a second."""
    from tqdm import tqdm

    yield from tqdm(items, total=total, unit="image", leave=False, delay=1, disable=None)


if __name__ == "__main__":
    sys.exit(commands.run(sys.modules[__name__], sys.argv[1:]))
