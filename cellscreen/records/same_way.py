"""Whether prepared plates that are opened together were made in one way."""

from __future__ import annotations

import json
import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from cellscreen.errors import RecordError
from cellscreen.records.record_config import OF_METHOD

LOGGER = logging.getLogger(__name__)
METADATA = "metadata.json"
_SCHEMA, _CONFIG, _FLOWS = "schema", "record_config", "flows"
# What else is set may follow the plate: where its label images are, how large its nuclei.
_MUST_AGREE = (
    "crops.crop_border",
    "crops.mask_neighbours",
    "median_of",
    _FLOWS,
    "segment.method",
    "segment.nuclei_channel",
    "segment.cells_channel",
    "segment.border",
)


def check_same_way(folders: Sequence[Path]) -> None:
    """Checks that the records of plates mean the same; a model would see the difference, not cells.

    What may differ between plates, as thresholds, and what older folders do not say, is no error.
    Channels, sizes of crops and names of features are checked where they are read.

    Args:
        folders: prepared directories of one kind.

    Raises:
        RecordError: schemas differ, or how cells were found or cut out.

    Example:
        >>> check_same_way(prepared_plates("records", "hcs", "bags"))  # doctest: +SKIP
    """
    said = {Path(folder): read_said(Path(folder)) for folder in folders}
    for folder, here in said.items():
        first_folder, first = next(iter(said.items()))
        differing = [name for name in first if name in here and first[name] != here[name]]
        fatal = [name for name in differing if name in (_SCHEMA, *_MUST_AGREE)]
        if fatal:
            name = fatal[0]
            raise RecordError(
                f"Expected plates prepared in one way; {name} is {first[name]!r} in "
                f"{first_folder} and {here[name]!r} in this folder.",
                file=folder,
                fix="Remove one of the folders and build its plate again with the flags of the "
                "others.",
            )
        if differing:
            names = ", ".join(differing)
            LOGGER.warning("%s was prepared with another %s than %s.", folder, names, first_folder)


def read_said(folder: Path) -> dict[str, Any]:
    """What a prepared directory says of its making, by dotted names; {} if nothing."""
    path = folder / METADATA
    if not path.is_file():
        return {}  # TFDS says what is wrong with the folder
    metadata = json.loads(path.read_text(encoding="utf-8"))
    made = {_SCHEMA: metadata[_SCHEMA]} if _SCHEMA in metadata else {}
    config = json.loads(metadata.get(_CONFIG, "{}"))
    if config:
        made[_FLOWS] = config.pop(_FLOWS, OF_METHOD)
    for name, value in config.items():
        inner = value.items() if isinstance(value, dict) else None
        made |= {f"{name}.{key}": one for key, one in inner} if inner else {name: value}
    return made
