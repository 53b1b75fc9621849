"""The one TFDS builder, plate table to sharded records; the datasets are its subclasses."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import pandas as pd
import tensorflow_datasets as tfds

from cellscreen.errors import CellscreenError, ConfigError, PlateTableError
from cellscreen.plates.table import read_plate_table
from cellscreen.plates.usable import usable
from cellscreen.records.beam_writing import write_shards_on_beam
from cellscreen.records.converting import Plan, converted, converted_on_beam, no_records
from cellscreen.records.failures import collect_failures
from cellscreen.records.field_order import check_channels, usual_sizes
from cellscreen.records.kinds import KINDS, Unit
from cellscreen.records.manifest import write_manifest
from cellscreen.records.plate_diameter import with_plate_diameter
from cellscreen.records.record_config import (
    FROM_LABELS,
    RecordConfig,
    read_record_config,
    what_it_makes,
)
from cellscreen.records.shard_writing import Written, write_shards
from cellscreen.records.table_fingerprint import table_fingerprint

LOGGER = logging.getLogger(__name__)
SPLIT = "fields"
NOTED = ("flows",)  # metadata that the manifest says too


@dataclass
class KindConfig(tfds.core.BuilderConfig):
    """A builder config is a kind of record, with what a dataset makes it from by default."""

    kind: str = "edges"
    record_config: RecordConfig = RecordConfig()  # noqa: RUF009 frozen


def kind_configs(usual: RecordConfig = RecordConfig()) -> list[KindConfig]:  # noqa: B008 frozen
    """A builder config for each kind of record.

    Args:
        usual: how the dataset's cells are found, where nothing else is said.
    """
    return [
        KindConfig(name=name, kind=name, description=kind.about, record_config=usual)
        for name, kind in KINDS.items()
    ]


with tfds.core.registered.skip_registration():

    class PlateTableBuilder(tfds.core.GeneratorBasedBuilder):
        """One plate's images to records of one kind, in the one split `fields`.

        `manual_dir` holds the plate table (`images.csv`, `plate_table.parquet` or any layout that
        `read_plate_table` knows) and, where cells are to be found in another way than the
        dataset's, `<config>.json` (see `record_config`). If that table has several plates, the
        last folder of `data_dir` names the one to convert, so that every plate has a prepared
        directory of its own: plates can be added, and an interrupted conversion goes on with the
        plates that are missing.
        """

        VERSION = tfds.core.Version("1.0.0")
        RELEASE_NOTES: ClassVar[dict[str, str]] = {
            "1.0.0": "Edge maps; bags of crops; cells with masks, flows and features."
        }
        BUILDER_CONFIGS: ClassVar[list[KindConfig]] = kind_configs()
        MANUAL_DOWNLOAD_INSTRUCTIONS = (
            "Give --manual_dir, the folder with images.csv (or a plate_table.parquet, or folders "
            "<cell_line>/<hours>H/<normoxia|hypoxia>), and --data_dir=<root>/<plate>."
        )
        REQUIRED_METADATA: ClassVar[tuple[str, ...]] = ()
        _on_beam = False
        _plan: Plan
        _written: Written

        def _info(self) -> tfds.core.DatasetInfo:
            kind = KINDS[self.builder_config.kind]
            return self.dataset_info_from_configs(
                features=kind.features(),
                disable_shuffling=True,
                metadata=tfds.core.MetadataDict(),
            )

        def _split_generators(self, dl_manager: Any) -> dict[str, Any]:
            folder = Path(dl_manager.manual_dir)
            table = self._plate(self.with_columns(usable(self.read_table(folder))))
            config = self.record_config(folder)
            units = KINDS[self.builder_config.kind].units(table)
            self._plan = _plan(self.builder_config.kind, units, config, str(self.data_dir))
            self._describe(table, units, config)
            return {SPLIT: self._generate_examples(units)}

        def _generate_examples(self, units: Sequence[Unit]) -> Any:
            """The encoded records of each field, fields of a well side by side."""
            convert = converted_on_beam if self._on_beam else converted
            return convert(self._plan, units)

        def _generate_splits(self, dl_manager: Any, download_config: Any) -> list[Any]:
            """The one split, written as its records come; TFDS would keep them all until the end.

            Raises:
                RecordError: more fields failed than may, or none gave a record.
                ConfigError: TFDS is asked for another file format, or for a part of the plate.
            """
            _check_asked(self.info.file_format, download_config)
            options, runner = download_config.beam_options, download_config.beam_runner
            self._on_beam = bool(options or runner)
            records = self._split_generators(dl_manager)[SPLIT]
            template = self._get_filename_template(split_name=SPLIT)
            if self._on_beam:
                self._written = write_shards_on_beam(records, template, options, runner)
            else:
                self._written = write_shards(records, template)
            plan = self._plan
            failed = collect_failures(Path(self.data_dir), plan.units, plan.config.max_failed)
            if not self._written.lengths:
                raise no_records(plan)
            if len(failed):
                LOGGER.warning("%d of %d fields failed: see failures.csv.", len(failed), plan.units)
            lengths, size = self._written.lengths, self._written.size
            return [tfds.core.SplitInfo(SPLIT, lengths, size, template)]

        def _download_and_prepare(self, dl_manager: Any, download_config: Any) -> None:
            """As TFDS', then the manifest, before the folder is published."""
            super()._download_and_prepare(dl_manager, download_config)
            folder = Path(self.data_dir)
            self.info.download_size = dl_manager.downloaded_size
            self.info.write_to_directory(folder)  # TFDS writes the same once more, after this
            notes = {name: self.info.metadata[name] for name in NOTED if name in self.info.metadata}
            write_manifest(folder, self.builder_config.kind, self._written.digests, notes)

        def read_table(self, folder: Path) -> pd.DataFrame:
            """The plate table of `manual_dir`."""
            return read_plate_table(folder)

        def with_columns(self, table: pd.DataFrame) -> pd.DataFrame:
            """The plate table with the columns that the dataset makes of others."""
            return table

        def record_config(self, folder: Path) -> RecordConfig:
            """What holds for a plate whose table is in `folder`."""
            name = self.builder_config.name
            return read_record_config(folder, name, self.builder_config.record_config)

        def _describe(
            self, table: pd.DataFrame, units: Sequence[Unit], config: RecordConfig
        ) -> None:
            """Puts into the metadata what holds for all records of the plate."""
            kind, said = KINDS[self._plan.kind], self.info.metadata
            said["plate"] = str(table["Metadata_Plate"].iloc[0])
            said["table_fingerprint"] = table_fingerprint(table)
            said["schema"] = f"{kind.name} {kind.schema}"
            if kind.of_cells:
                said["record_config"] = what_it_makes(config)
                said["diameter_px"] = self._plan.config.segment.diameter_px
                said.update(_first_description(kind, units, self._plan.config))

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


def _plan(kind: str, units: Sequence[Unit], config: RecordConfig, folder: str) -> Plan:
    if config.flows == FROM_LABELS and kind != "cells":
        raise ConfigError(f"Expected flows with the kind cells only; got them with {kind}.")
    may_fail = config.max_failed > 0
    sizes = usual_sizes(units, may_fail)
    if KINDS[kind].of_cells:
        if not may_fail:
            check_channels(units)
        config = with_plate_diameter(units, config)
    return Plan(kind, config, sizes, len(units), folder)


def _check_asked(file_format: Any, download_config: Any) -> None:
    if file_format is not tfds.core.FileFormat.TFRECORD:
        raise ConfigError(f"Expected the file format tfrecord; got {file_format}.")
    most = download_config.max_examples_per_split
    if most is not None:
        raise ConfigError(
            f"Plates are converted whole; got max_examples_per_split of {most}.",
            fix="Give a plate table of fewer fields.",
        )


def _first_description(kind: Any, units: Sequence[Unit], config: RecordConfig) -> dict[str, Any]:
    """What `kind` says of the first field that can be read."""
    for unit in units[:-1]:
        try:
            return kind.describe(unit, config)
        except CellscreenError:
            if config.max_failed == 0:
                raise
    return kind.describe(units[-1], config)


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
