"""The one TFDS builder, plate table to sharded records; the datasets are its subclasses."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import pandas as pd
import tensorflow_datasets as tfds
from tensorflow_datasets.core import shuffle

from cellscreen.errors import ImageError, PlateTableError
from cellscreen.images.threads import read_in_order
from cellscreen.plates.table import read_plate_table
from cellscreen.records.edges import edges_example, edges_features
from cellscreen.records.fields import Row, read_field
from cellscreen.records.table_fingerprint import rows_of, table_fingerprint

SPLIT = "fields"
BUFFER_BYTES = 1 << 27  # records kept in memory, about 1,000 maps of 1024²; more wait on disk


@dataclass
class KindConfig(tfds.core.BuilderConfig):
    """A builder config is a kind of record: so far `edges`."""


with tfds.core.registered.skip_registration():

    class PlateTableBuilder(tfds.core.GeneratorBasedBuilder):
        """One plate's images to records of one kind, in the one split `fields`.

        `manual_dir` holds the plate table (`images.csv`, `plate_table.parquet` or the folder
        convention). If that table has several plates, the last folder of `data_dir` names the one
        to convert, so that every plate has a prepared directory of its own: plates can be added,
        and an interrupted conversion goes on with the plates that are missing.
        """

        VERSION = tfds.core.Version("1.0.0")
        RELEASE_NOTES: ClassVar[dict[str, str]] = {"1.0.0": "Edge maps."}
        BUILDER_CONFIGS: ClassVar[list[KindConfig]] = [
            KindConfig(name="edges", description="Native-size 1-bit edge maps of whole fields.")
        ]
        MANUAL_DOWNLOAD_INSTRUCTIONS = (
            "Give --manual_dir, the folder with images.csv (or a plate_table.parquet, or folders "
            "<cell_line>/<hours>H/<normoxia|hypoxia>), and --data_dir=<root>/<plate>."
        )
        REQUIRED_METADATA: ClassVar[tuple[str, ...]] = ()

        def _info(self) -> tfds.core.DatasetInfo:
            return self.dataset_info_from_configs(
                features=edges_features(),
                disable_shuffling=True,
                metadata=tfds.core.MetadataDict(),
            )

        def _split_generators(self, dl_manager: Any) -> dict[str, Any]:
            table = self._plate(read_plate_table(Path(dl_manager.manual_dir)))
            self.info.metadata["plate"] = str(table["Metadata_Plate"].iloc[0])
            self.info.metadata["table_fingerprint"] = table_fingerprint(table)
            return {SPLIT: self._generate_examples(table)}

        def _generate_examples(self, table: pd.DataFrame) -> Iterator[tuple[int, dict[str, Any]]]:
            """Yields (order-preserving key, example), fields of a well side by side."""
            rows = ordered_rows(table)
            step = 2**128 // len(rows)
            with _small_buffer():
                sizes: dict[str, tuple[int, int]] = {}
                for rank, example in enumerate(read_in_order(_example, rows)):
                    _check_size(example, rows[rank], sizes)
                    yield rank * step, example

        def _plate(self, table: pd.DataFrame) -> pd.DataFrame:
            table = one_plate(table, Path(self.data_dir_root).name)
            for column in self.REQUIRED_METADATA:
                values = table.get(column, pd.Series(pd.NA, index=table.index))
                blank = table[values.isna() | (values.astype(str) == "")]
                if len(blank):
                    raise PlateTableError(
                        f"Dataset {self.name} needs {column.removeprefix('Metadata_')} for every "
                        f"image; {len(blank)} have none.",
                        file=blank["path"].iloc[0],
                        plate=blank["Metadata_Plate"].iloc[0],
                        well=blank["Metadata_Well"].iloc[0],
                        fix="Add the column to images.csv, or use the dataset hcs.",
                    )
            return table


def _check_size(
    example: dict[str, Any], row: dict[str, Any], sizes: dict[str, tuple[int, int]]
) -> None:
    size = (example["width"], example["height"])
    usual = sizes.setdefault(example["channel"], size)
    if size != usual:
        raise ImageError(
            f"Expected {usual[0]}×{usual[1]} pixels, as the plate's other images; got "
            f"{size[0]}×{size[1]}.",
            file=row["path"],
            plate=row["Metadata_Plate"],
            well=row["Metadata_Well"],
            fix="Give images of another size a plate of their own.",
        )


@contextlib.contextmanager
def _small_buffer() -> Iterator[None]:
    """Bounds memory whatever the plate's size: TFDS would keep 1 GB of records by default."""
    size, shuffle.MAX_MEM_BUFFER_SIZE = shuffle.MAX_MEM_BUFFER_SIZE, BUFFER_BYTES
    try:
        yield
    finally:
        shuffle.MAX_MEM_BUFFER_SIZE = size


def _example(row: Row) -> dict[str, Any]:
    return edges_example(read_field(row))


def one_plate(table: pd.DataFrame, name: str) -> pd.DataFrame:
    """The rows of the only plate of `table`, or of the plate called `name`.

    Raises:
        PlateTableError: there are several plates and none of that name.
    """
    plates = sorted(table["Metadata_Plate"].unique())
    if len(plates) == 1:
        return table
    if name not in plates:
        listed = ", ".join(plates[:10]) + (", …" if len(plates) > 10 else "")
        raise PlateTableError(
            f"Expected one plate, or a data_dir named like one of {len(plates)}; "
            f"got data_dir name {name!r} and the plates {listed}.",
            fix="Run `cellscreen build`, or give --data_dir=<root>/<plate>.",
        )
    return table[table["Metadata_Plate"] == name]


def ordered_rows(table: pd.DataFrame) -> list[dict[str, Any]]:
    """Rows as dicts, those of a well together, sites in numeric order; the order of the records."""
    columns = ["Metadata_Well", "Metadata_Site", "Metadata_Plane", "Metadata_Timepoint", "channel"]
    keys = table[columns].copy()
    for column in columns[1:4]:
        keys[column] = keys[column].map(lambda text: (len(text), text))
    order = keys.sort_values(columns).index
    return rows_of(table.loc[order])
