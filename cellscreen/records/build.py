"""Plate tables to prepared TFDS directories, one a plate: resumable, whole or absent."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import importlib
import logging
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import tensorflow as tf
import tensorflow_datasets as tfds

from cellscreen.errors import ConfigError, RecordError
from cellscreen.records.builder import PlateTableBuilder
from cellscreen.records.preparation import Preparation, prepare_plate
from cellscreen.records.table_fingerprint import table_fingerprint

LOGGER = logging.getLogger(__name__)
DATASETS = ("hypoxia", "hcs")
TABLE_FOLDER = "plate_table"
PLAIN = Preparation()


def build_plates(
    table: pd.DataFrame,
    root: Path,
    dataset: str,
    kind: str = "edges",
    preparation: Preparation = PLAIN,
) -> list[Path]:
    """Prepares every plate of a plate table under `<root>/<plate>/<dataset>/<kind>/<version>`.

    Plates that are prepared already are left as they are; a conversion that was interrupted is
    cleaned away and done again.

    Args:
        table: a plate table.
        root: the folder of all prepared plates.
        dataset: `hypoxia` or `hcs`.
        kind: the kind of record.
        preparation: how images are made comparable first.

    Returns:
        The prepared directories, one a plate, sorted by plate.

    Raises:
        RecordError: a prepared plate was made from another table, another process is building the
            plate, or the disk is full.
        ImageError: an image cannot be read; plates finished before it stay.
    """
    tfds.display_progress_bar(sys.stderr.isatty())
    plates = sorted(table["Metadata_Plate"].unique())
    prepared = []
    for number, plate in enumerate(plates, 1):
        rows = table[table["Metadata_Plate"] == plate]
        LOGGER.info("Plate %d of %d: %s, %d images.", number, len(plates), plate, len(rows))
        prepared.append(_build_plate(rows, root / plate, dataset, kind, preparation))
    return prepared


def _build_plate(
    table: pd.DataFrame, folder: Path, dataset: str, kind: str, preparation: Preparation
) -> Path:
    plate = folder.name
    with _only_one(folder), _disk_full_named(plate):
        builder = dataset_builder(dataset, kind, folder)
        target = Path(builder.data_dir)
        table = prepare_plate(table, preparation, folder / TABLE_FOLDER)
        if target.exists():
            _check_same(builder, table, plate)
            return target
        for leftover in target.parent.glob("incomplete.*"):
            LOGGER.info("Removing %s, left by a conversion that was interrupted.", leftover)
            shutil.rmtree(leftover)
        builder.download_and_prepare(
            download_config=tfds.download.DownloadConfig(
                manual_dir=folder / TABLE_FOLDER, try_download_gcs=False
            ),
        )
    return target


def dataset_builder(dataset: str, kind: str, folder: Path) -> PlateTableBuilder:
    """The builder of one plate.

    Raises:
        ConfigError: there is no such dataset or kind.
    """
    if dataset not in DATASETS:
        raise ConfigError(f"Expected dataset one of {', '.join(DATASETS)}; got {dataset!r}.")
    module = importlib.import_module(f"cellscreen.datasets.{dataset}.{dataset}_dataset_builder")
    kinds = list(module.Builder.builder_configs)
    if kind not in kinds:
        raise ConfigError(f"Expected kind one of {', '.join(kinds)}; got {kind!r}.")
    return module.Builder(data_dir=folder, config=kind)


def _check_same(builder: Any, table: pd.DataFrame, plate: str) -> None:
    if builder.info.metadata.get("table_fingerprint") != table_fingerprint(table):
        raise RecordError(
            "This plate was prepared from another plate table (other images or metadata).",
            file=builder.data_dir,
            plate=plate,
            fix="Remove that folder to convert the plate again, or choose another --data_dir.",
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
