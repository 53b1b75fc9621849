"""Plate tables to prepared TFDS directories, one a plate: resumable, whole or absent."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import importlib
import logging
import shutil
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
import tensorflow as tf
import tensorflow_datasets as tfds

from cellscreen.errors import ConfigError, RecordError
from cellscreen.records.builder import PlateTableBuilder
from cellscreen.records.manifest import NAME
from cellscreen.records.preparation import Preparation, prepare_plate
from cellscreen.records.record_config import (
    RecordConfig,
    config_file,
    what_it_makes,
    write_record_config,
)
from cellscreen.records.table_fingerprint import table_fingerprint

LOGGER = logging.getLogger(__name__)
DATASETS = ("hypoxia", "hcs", "cpjump1")
TABLE_FOLDER = "plate_table"
PLAIN = Preparation()


def build_plates(
    table: pd.DataFrame,
    root: Path,
    dataset: str,
    kind: str = "edges",
    preparation: Preparation = PLAIN,
    config: RecordConfig | None = None,
    beam_options: Sequence[str] = (),
) -> list[Path]:
    """Prepares every plate of a plate table under `<root>/<plate>/<dataset>/<kind>/<version>`.

    Plates that are prepared already are left as they are; a conversion that was interrupted is
    cleaned away and done again.

    Args:
        table: a plate table.
        root: the folder of all prepared plates.
        dataset: one of `DATASETS`.
        kind: the kind of record, or another builder config of the dataset.
        preparation: how images are made comparable first.
        config: how cells are found and cut out; None for the dataset's usual way.
        beam_options: flags of Apache Beam, as `--direct_num_workers=2`; none: no Beam.

    Returns:
        The prepared directories, one a plate, sorted by plate.

    Raises:
        RecordError: a prepared plate was made from another table or in another way, another
            process is building the plate, more fields failed than may, or the disk is full.
        ImageError: an image cannot be read; plates finished before it stay.
    """
    tfds.display_progress_bar(sys.stderr.isatty())
    options = _beam(beam_options)
    plates = sorted(table["Metadata_Plate"].unique())
    prepared = []
    for number, plate in enumerate(plates, 1):
        rows = table[table["Metadata_Plate"] == plate]
        LOGGER.info("Plate %d of %d: %s, %d images.", number, len(plates), plate, len(rows))
        builder = dataset_builder(dataset, kind, root / plate)
        prepared.append(_build_plate(builder, rows, root / plate, preparation, config, options))
    return prepared


def _build_plate(
    builder: PlateTableBuilder,
    table: pd.DataFrame,
    folder: Path,
    preparation: Preparation,
    config: RecordConfig | None,
    beam_options: Any,
) -> Path:
    target, plate = Path(builder.data_dir), folder.name
    with _only_one(folder), _disk_full_named(plate):
        table = builder.with_columns(prepare_plate(table, preparation, folder / TABLE_FOLDER))
        _place_config(config, folder / TABLE_FOLDER, builder.builder_config.name)
        if target.exists():
            _check_same(builder, table, folder)
            return target
        for leftover in target.parent.glob("incomplete.*"):
            LOGGER.info("Removing %s, left by a conversion that was interrupted.", leftover)
            shutil.rmtree(leftover)
        builder.download_and_prepare(
            download_config=tfds.download.DownloadConfig(
                manual_dir=folder / TABLE_FOLDER, try_download_gcs=False, beam_options=beam_options
            ),
        )
    return target


def dataset_builder(dataset: str, kind: str, folder: Path) -> PlateTableBuilder:
    """The builder of one plate.

    Raises:
        ConfigError: there is no such dataset or kind.
    """
    return _builder_class(dataset, kind)(data_dir=folder, config=kind)


def usual_config(dataset: str, kind: str) -> RecordConfig:
    """How a dataset's cells are found where nothing else is said.

    Raises:
        ConfigError: there is no such dataset or kind.
    """
    return _builder_class(dataset, kind).builder_configs[kind].record_config


def _builder_class(dataset: str, kind: str) -> Any:
    if dataset not in DATASETS:
        raise ConfigError(f"Expected dataset one of {', '.join(DATASETS)}; got {dataset!r}.")
    module = importlib.import_module(f"cellscreen.datasets.{dataset}.{dataset}_dataset_builder")
    kinds = list(module.Builder.builder_configs)
    if kind not in kinds:
        raise ConfigError(f"Expected kind one of {', '.join(kinds)}; got {kind!r}.")
    return module.Builder


def _beam(options: Sequence[str]) -> Any:
    """What TFDS hands on to Beam, None for a build without it."""
    if not options:
        return None
    from apache_beam.options.pipeline_options import PipelineOptions

    return PipelineOptions(list(options))


def _place_config(config: RecordConfig | None, folder: Path, name: str) -> None:
    """Puts the config where the builder looks for it; without one, that of a build before goes."""
    if config is None:
        config_file(folder, name).unlink(missing_ok=True)
    else:
        write_record_config(config, folder, name)


def _check_same(builder: PlateTableBuilder, table: pd.DataFrame, folder: Path) -> None:
    if not (Path(builder.data_dir) / NAME).is_file():
        LOGGER.warning(
            "%s has no manifest, so that nothing can be verified. Remove it to convert the plate "
            "again.",
            builder.data_dir,
        )
    said, fix = builder.info.metadata, "Remove that folder to convert the plate again, or choose"
    if said.get("table_fingerprint") != table_fingerprint(table):
        raise RecordError(
            "This plate was prepared from another plate table (other images or metadata).",
            file=builder.data_dir,
            plate=folder.name,
            fix=f"{fix} another --data_dir.",
        )
    config = what_it_makes(builder.record_config(folder / TABLE_FOLDER))
    if said.get("record_config", config) != config:
        raise RecordError(
            f"This plate was prepared in another way: {said['record_config']}; wanted is {config}.",
            file=builder.data_dir,
            plate=folder.name,
            fix=f"{fix} another --data_dir.",
        )


@contextlib.contextmanager
def _only_one(folder: Path) -> Iterator[None]:
    folder.mkdir(parents=True, exist_ok=True)
    with open(folder / ".build.lock", "w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise RecordError(
                "Another process is converting this plate.", plate=folder.name, fix="Wait for it."
            ) from error
        yield


@contextlib.contextmanager
def _disk_full_named(plate: str) -> Iterator[None]:
    try:
        yield
    except (OSError, tf.errors.OpError) as error:
        full = getattr(error, "errno", None) == errno.ENOSPC or "No space left" in str(error)
        if not full:
            raise
        raise RecordError(
            "The disk is full; nothing of this plate was kept, finished plates are whole.",
            plate=plate,
            fix="Free space and give the same command again: it goes on with this plate.",
        ) from error
