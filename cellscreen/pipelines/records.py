"""Opening prepared plates as one data set, and reading their metadata without the pixels."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import pandas as pd
import tensorflow as tf
import tensorflow_datasets as tfds

from cellscreen.errors import RecordError
from cellscreen.records.builder import SPLIT
from cellscreen.records.kinds import KINDS
from cellscreen.records.metadata import metadata_frame
from cellscreen.records.same_way import check_same_way

PIXELS = frozenset(name for kind in KINDS.values() for name in kind.pixels)
MOST_AT_ONCE = 256  # open shards
GRAY = "gray"
READ_BYTES = 1 << 18  # at a time; TFDS reads 8 MB, which go through memory twice


def prepared_plates(root: str | Path, dataset: str, kind: str) -> list[Path]:
    """The prepared directories under `<root>/<plate>/<dataset>/<kind>`, newest version of each.

    Raises:
        RecordError: there is none.
    """
    folders = []
    for parent in sorted(Path(root).glob(f"*/{dataset}/{kind}")):
        versions = [path for path in parent.iterdir() if (path / "dataset_info.json").is_file()]
        if versions:
            folders.append(max(versions, key=lambda path: tfds.core.Version(path.name)))
    if not folders:
        raise RecordError(
            f"No prepared plate of dataset {dataset}, kind {kind}.",
            file=root,
            fix="Run `cellscreen build` first, or give the --data_dir and --dataset it was given.",
        )
    return folders


def open_records(
    folders: list[Path], *, pixels: bool = True, mixed: bool = False
) -> tf.data.Dataset:
    """All plates as one `tf.data` of feature dicts, in the order of the records.

    Args:
        folders: prepared directories.
        pixels: whether the pixels come along.
        mixed: whether all shards are read side by side, a record of each in turn, so that plates
            are mixed; the order is the same every time.

    Raises:
        RecordError: a folder cannot be opened, its shards are not those it was written with, a
            plate stands in two folders, or plates were prepared in different ways.
    """
    _check_once(folders)
    check_same_way(folders)
    try:
        builder = tfds.builder_from_directories([str(folder) for folder in folders])
    except (OSError, ValueError) as error:
        raise RecordError(f"Cannot open the prepared plates: {error}", file=folders[0]) from error
    decoders = None
    if not pixels:
        features = {name: True for name in builder.info.features if name not in PIXELS}
        decoders = tfds.decode.PartialDecoding(features)
    shards = builder.info.splits[SPLIT].num_shards if mixed else 1
    config = tfds.ReadConfig(
        interleave_cycle_length=min(shards, MOST_AT_ONCE),
        interleave_block_length=1 if mixed else None,
        try_autocache=False,
        enable_ordering_guard=not mixed,
        override_buffer_size=READ_BYTES,
    )
    return builder.as_dataset(
        split=SPLIT, shuffle_files=False, decoders=decoders, read_config=config
    )


def read_metadata(folders: list[Path], channel: str = "") -> pd.DataFrame:
    """The metadata of every record, a row a record, in the order of the records.

    Args:
        folders: prepared directories.
        channel: keep this channel only; empty keeps all.

    Raises:
        RecordError: there is no such channel, or a plate is cut short.
    """
    try:
        records = list(open_records(folders, pixels=False).as_numpy_iterator())
    except tf.errors.OpError as error:  # TFDS counts the records; TFRecord checks their bytes.
        raise RecordError(
            f"The prepared records are cut short or damaged: {error.message}",
            file=folders[0],
            fix="Remove the damaged prepared folder and run `cellscreen build` again.",
        ) from error
    frame = metadata_frame(records)
    if channel and channel not in set(frame["channel"]):
        seen = ", ".join(sorted(set(frame["channel"])))
        raise RecordError(f"No record has channel {channel!r}; there are {seen}.")
    return frame[frame["channel"] == channel].reset_index(drop=True) if channel else frame


def _check_once(folders: Sequence[Path]) -> None:
    """Raises if a plate stands in two folders: every field of it would count twice."""
    seen: dict[str, Path] = {}
    for folder in folders:
        said = Path(folder) / "metadata.json"
        if not said.is_file():
            continue  # TFDS says what is wrong with the folder
        plate = json.loads(said.read_text(encoding="utf-8")).get("plate", str(folder))
        if plate in seen:
            raise RecordError(
                f"Expected each plate once; {seen[plate]} and this folder hold the same one.",
                file=folder,
                plate=plate,
                fix="Move one of them out of the --data_dir.",
            )
        seen[plate] = folder


def channel_names(channels: Sequence[bytes]) -> tuple[str, ...]:
    """The channels of a record by name; the one channel of plain images, unnamed, is `gray`.

    Args:
        channels: as the record has them.

    Example:
        >>> channel_names([b"DNA", b"ER"]), channel_names([b""])
        (('DNA', 'ER'), ('gray',))
    """
    return tuple(name.decode() or GRAY for name in channels)
