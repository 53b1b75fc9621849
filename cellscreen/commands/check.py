"""Look at a folder of images: what is there, what is missing, what is wrong.

Reads any folder: an images.csv, folders <cell_line>/<hours>H/<normoxia|hypoxia>, a microscope's own
export (found by looking), or names that a template or regex explains; and the header of every image
(about a second per 1,000). It prints what was found per plate, draws plates that lack something,
then lists errors, warnings and notes:

  cellscreen check --images=my_cultures
  cellscreen check --images=export --platemap=map.xlsx --negcon_names=DMSO --output=checked
  cellscreen check --images=plates --template="{plate}/{well}_{site}_{channel}.tif"

An error is what no other verb can work with: an image that is missing, empty, cut off or of another
size, 16-bit values without a bit depth, a plate map that covers too few wells, compounds without a
vehicle control. A warning makes a result doubtful: a field that is missing, one condition only, no
wells to make folds of. Images that an index lists but nobody can use are told well by well.

--deep also decodes every image and measures its quality against its own plate: focus, saturation,
background, cells, debris. Wells are flagged, never dropped:

  cellscreen check --images=my_plates --deep --output=checked

--output gets plate_table.parquet, wells.csv and coverage.csv, with --deep also quality.csv,
suspicious_wells.csv, position_effects.csv, heat_maps/ and thumbnails/. For other programs,
--export=load_data,deepprofiler adds cellprofiler/load_data.csv (CellProfiler) and
deepprofiler/inputs/metadata/index.csv.

The exit status is 0 without errors (warnings are fine), 1 with errors, 2 if a flag is wrong.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from absl import flags

from cellscreen import commands
from cellscreen.commands.image_flags import define_image_flags, read_images

if TYPE_CHECKING:
    import pandas as pd

    from cellscreen.plates.coverage import Coverage

FLAGS = flags.FlagValues()
_EXPORTS = ("load_data", "deepprofiler")


define_image_flags(FLAGS)
_DEEP = flags.DEFINE_bool(
    "deep",
    False,
    "Decode every image; check values against bit_depth, find copies, measure quality.",
    flag_values=FLAGS,
)
_OUTPUT = flags.DEFINE_string(
    "output", "", "Folder for the tables and pictures.", flag_values=FLAGS
)
_EXPORT = flags.DEFINE_list(
    "export",
    [],
    "Also write into --output, for other programs: load_data (CellProfiler), deepprofiler.",
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
    """Prints the inventory of a folder, and writes it where asked to."""
    from cellscreen.errors import PlateTableError
    from cellscreen.quality.inventory import take_inventory
    from cellscreen.quality.inventory_text import describe

    del argv
    _check_exports()
    folder = Path(FLAGS["images"].value)
    try:
        table, layout, coverage = read_images(FLAGS)
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
    print(describe(inventory, folder, layout, coverage))
    if _OUTPUT.value:
        _write(table, inventory, coverage)
    return 0 if inventory.is_usable else 1


def _write(table: pd.DataFrame, inventory: Any, coverage: Coverage | None) -> None:
    from cellscreen.quality.quality_files import write_quality, write_tables

    folder = Path(_OUTPUT.value)
    write_tables(table, inventory.wells, coverage, folder)
    if inventory.quality is not None:
        write_quality(table, inventory.quality, folder)
    _write_exports(table, folder)
    print(f"Written to {folder}")


def _check_exports() -> None:
    from cellscreen.errors import ConfigError

    unknown = sorted(set(_EXPORT.value) - set(_EXPORTS))
    if unknown:
        raise ConfigError(f"Expected --export of {', '.join(_EXPORTS)}; got {', '.join(unknown)}.")
    if _EXPORT.value and not _OUTPUT.value:
        raise ConfigError("Expected --output beside --export: the folder to write into.")


def _write_exports(table: pd.DataFrame, folder: Path) -> None:
    from cellscreen.plates.writing import write_deepprofiler, write_load_data

    if "load_data" in _EXPORT.value:
        for path in write_load_data(table, folder / "cellprofiler"):
            print(f"For CellProfiler: {path}")
    if "deepprofiler" in _EXPORT.value:
        root = Path(FLAGS["images"].value)
        path = write_deepprofiler(table, folder / "deepprofiler", root)
        print(f"For DeepProfiler: {path}, with paths.images {root.resolve()} in its config")


def _progress(items: Iterable[Any], total: int) -> Iterator[Any]:
    """Shows a bar on a terminal where there is one and the work takes longer than a second."""
    from tqdm import tqdm

    yield from tqdm(items, total=total, unit="image", leave=False, delay=1, disable=None)


if __name__ == "__main__":
    sys.exit(commands.run(sys.modules[__name__], sys.argv[1:]))
