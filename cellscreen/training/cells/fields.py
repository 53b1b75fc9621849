"""What a run folder keeps of the fields that its cells were cut from; serving asks for it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from cellscreen.atomic import write_text
from cellscreen.errors import ConfigError

FIELDS = "fields.json"
_METADATA = "metadata.json"


@dataclass(frozen=True)
class CellFields:
    """The planes and label images of a training's fields.

    Attributes:
        channels: of a field, in the order of the crops' last axis.
        compartments: what was measured: `Nuclei`, `Cells`, `Cytoplasm`, or some of them.
        flows: where the flows come from, as `records.record_config.flow_source` says.
    """

    channels: tuple[str, ...]
    compartments: tuple[str, ...]
    flows: str


def fields_of(plates: Sequence[Path]) -> CellFields:
    """Reads it from prepared plates of the kind `cells`, which are of one way.

    Example:
        >>> fields_of(prepared_plates("records", "cpjump1", "cells")).flows  # doctest: +SKIP
        "from labels, not Cellpose's"
    """
    said = json.loads((Path(plates[0]) / _METADATA).read_text(encoding="utf-8"))
    first_words = (name.partition("_")[0] for name in said["feature_names"])
    return CellFields(
        tuple(said["channels"]), tuple(dict.fromkeys(first_words)), said.get("flows", "")
    )


def claim_fields(workdir: Path, plates: Sequence[Path]) -> None:
    """Writes it into a run folder, or checks that an earlier start had the same.

    Raises:
        ConfigError: the records were built anew in another way.
    """
    ours = fields_of(plates)
    if not (workdir / FIELDS).is_file():
        write_text(workdir / FIELDS, json.dumps(asdict(ours)) + "\n")
        return
    theirs = read_fields(workdir)
    if theirs != ours:
        raise ConfigError(
            f"Expected the fields that this run began with, {theirs}; the records have {ours}.",
            file=workdir / FIELDS,
            fix="Build the records as they were, or give another --workdir.",
        )


def read_fields(workdir: Path) -> CellFields:
    """Reads it from a run folder.

    Raises:
        ConfigError: the folder has none.
    """
    path = workdir / FIELDS
    if not path.is_file():
        raise ConfigError("Expected a run of cells; there is no fields.json.", file=workdir)
    said = json.loads(path.read_text(encoding="utf-8"))
    return CellFields(tuple(said["channels"]), tuple(said["compartments"]), said["flows"])
