"""Every layout of images that is known: how it is recognised, and what reads it.

Of several that a folder fits, the first of `SOURCES` counts: tables that somebody made on purpose
first, then a microscope's own index, then names.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from cellscreen.errors import ConfigError, PlateTableError
from cellscreen.plates import columns
from cellscreen.plates.deepprofiler import deepprofiler_sign, read_deepprofiler
from cellscreen.plates.folders import CONVENTION, culture_sign, read_folders
from cellscreen.plates.harmony import harmony_sign, read_harmony
from cellscreen.plates.images_csv import NAME, read_images_csv
from cellscreen.plates.imagexpress import imagexpress_sign, read_imagexpress
from cellscreen.plates.incucyte import incucyte_sign, read_incucyte
from cellscreen.plates.load_data import load_data_sign, read_load_data
from cellscreen.plates.ome_zarr import ome_zarr_sign, read_ome_zarr
from cellscreen.plates.read_options import REGEX, TEMPLATE, ReadOptions
from cellscreen.plates.template import read_template
from cellscreen.plates.yokogawa import read_yokogawa, yokogawa_sign

PARQUET = "plate_table.parquet"
_TABLE = "A table of images comes before what a microscope wrote"
_INDEX = "A microscope's own index comes before names"
_NAMES = "Names of one microscope come before those of another in this order"


@dataclass(frozen=True)
class Source:
    """One way to lay out images on disk, and how it is read.

    Attributes:
        name: what a user calls it.
        looks: what a folder of it holds, for messages; "" for what cannot be recognised.
        reason: why it comes before those that follow it.
        sign: returns what shows that a folder is laid out so, None if it is not.
        read: reads such a folder to a plate table.
        uses: the fields of `ReadOptions` it looks at; `channels` and `bit_depth` hold for all.
    """

    name: str
    looks: str
    reason: str
    sign: Callable[[Path], str | None]
    read: Callable[[Path, ReadOptions], pd.DataFrame]
    uses: tuple[str, ...] = ()


def _file_sign(name: str) -> Callable[[Path], str | None]:
    return lambda folder: name if (folder / name).is_file() else None


def _vendor(
    name: str, looks: str, reason: str, sign: Callable[[Path], str | None],
    read: Callable[[Path], pd.DataFrame],
) -> Source:  # fmt: skip
    return Source(name, looks, reason, sign, lambda folder, _: read(folder))


def _read_template(folder: Path, options: ReadOptions) -> pd.DataFrame:
    grammar = options.grammar()
    if grammar is None:
        raise ConfigError("Expected a template or a regex.")
    return read_template(folder, grammar, options.ignore)


def _never(folder: Path) -> None:
    """A template is given, never recognised."""


def read_parquet(path: str | Path) -> pd.DataFrame:
    """Reads a plate table that `table.write_plate_table` wrote.

    Raises:
        PlateTableError: the file is no parquet file, lacks a column, or has no row.
    """
    path = Path(path)
    try:
        table = pd.read_parquet(path)
    except (OSError, ValueError) as error:
        raise PlateTableError(
            f"Expected a plate table as parquet; got a file that cannot be read ({error}).",
            file=path,
            fix="Write it again from its source.",
        ) from error
    missing = [name for name in ("path", *columns.KEY[:3]) if name not in table]
    if missing or table.empty:
        lack = f"{', '.join(missing)} is missing" if missing else "it has no row"
        raise PlateTableError(f"Expected a plate table; {lack}.", file=path)
    return columns.plate_table(table)


SOURCES = (
    Source(
        "parquet", PARQUET, _TABLE, _file_sign(PARQUET),
        lambda folder, _: read_parquet(folder / PARQUET),
    ),
    Source(
        "images_csv", NAME, _TABLE, _file_sign(NAME),
        lambda folder, _: read_images_csv(folder / NAME),
    ),
    Source(
        "load_data", "load_data.csv", _TABLE, load_data_sign,
        lambda folder, options: read_load_data(folder, options.roots()), ("replace_root",),
    ),
    Source(
        "deepprofiler", "DeepProfiler's index.csv", _TABLE, deepprofiler_sign,
        lambda folder, options: read_deepprofiler(folder, options.roots()), ("replace_root",),
    ),
    _vendor("harmony", "Harmony's Index.xml", _INDEX, harmony_sign, read_harmony),
    _vendor("yokogawa", "MeasurementData.mlf", _INDEX, yokogawa_sign, read_yokogawa),
    _vendor("ome_zarr", "an OME-Zarr plate", _INDEX, ome_zarr_sign, read_ome_zarr),
    _vendor("imagexpress", "names of ImageXpress", _NAMES, imagexpress_sign, read_imagexpress),
    _vendor("incucyte", "of Incucyte", _NAMES, incucyte_sign, read_incucyte),
    _vendor("folders", f"or folders {CONVENTION}", _NAMES, culture_sign, read_folders),
    Source(TEMPLATE, "", "", _never, _read_template, (TEMPLATE, "ignore")),
    Source(REGEX, "", "", _never, _read_template, (REGEX, "ignore")),
)  # fmt: skip
