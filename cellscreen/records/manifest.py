"""What a prepared folder holds, written when it is made: each file's size, checksum and records.

`manifest.json` names every other file of the folder, and carries a checksum of itself.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from cellscreen.atomic import write_text
from cellscreen.errors import RecordError
from cellscreen.images.fingerprint import sha256_of
from cellscreen.records.kinds import KINDS
from cellscreen.records.shards import file_digest, record_spans

NAME = "manifest.json"
SHARD = ".tfrecord"
NONE_KNOWN: Mapping[str, str] = {}


@dataclass(frozen=True)
class Listed:
    """A file as it was written.

    Attributes:
        size: bytes.
        sha256: hex digest.
        records: how many it holds; None for what is no shard.
    """

    size: int
    sha256: str
    records: int | None = None


@dataclass(frozen=True)
class Manifest:
    """The files of a prepared folder.

    Attributes:
        kind: of record.
        schema: the version of its schema.
        files: by name, the manifest itself left out.
        notes: what is to be known of the records at a glance, such as where flows come from.
    """

    kind: str
    schema: str
    files: dict[str, Listed]
    notes: dict[str, str] = field(default_factory=dict)

    @property
    def records(self) -> int:
        """How many records the folder holds."""
        return sum(listed.records or 0 for listed in self.files.values())


def write_manifest(
    folder: Path,
    kind: str,
    known: Mapping[str, str] = NONE_KNOWN,
    notes: Mapping[str, str] = NONE_KNOWN,
) -> Manifest:
    """Lists the files of a folder that was just made.

    Args:
        folder: the prepared directory.
        kind: of record.
        known: SHA-256 in hex by name, of files that need not be read again for it.
        notes: see `Manifest`.

    Raises:
        RecordError: a shard does not end with a record.
    """
    names = sorted(path.name for path in folder.iterdir() if path.name != NAME)
    files = {name: _listed(folder / name, known.get(name)) for name in names}
    manifest = Manifest(kind, KINDS[kind].schema, files, dict(notes))
    said = asdict(manifest)
    write_text(folder / NAME, json.dumps({**said, "sha256": _digest(said)}, indent=1) + "\n")
    return manifest


def read_manifest(folder: Path) -> Manifest:
    """Reads the manifest of a prepared folder.

    Raises:
        RecordError: there is none, or it was changed.

    Example:
        >>> read_manifest(Path("records/P1/hcs/bags/1.0.0")).records  # doctest: +SKIP
        96
    """
    path = folder / NAME
    fix = "Remove the prepared folder and run `cellscreen build` again."
    if not path.is_file():
        raise RecordError(
            "Expected a manifest; the folder lost it, or was prepared before there were any.",
            file=path,
            fix=fix,
        )
    try:
        said: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        digest = said.pop("sha256")
        files = {name: Listed(**listed) for name, listed in said["files"].items()}
        manifest = Manifest(said["kind"], said["schema"], files, said.get("notes", {}))
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise RecordError(f"The manifest cannot be read: {error}.", file=path, fix=fix) from error
    if digest != _digest(said):
        raise RecordError("The manifest was changed since it was written.", file=path, fix=fix)
    return manifest


def is_shard(name: str) -> bool:
    """Whether a file of a prepared folder holds records."""
    return SHARD in name


def _listed(path: Path, digest: str | None) -> Listed:
    records = len(record_spans(path)) if is_shard(path.name) else None
    return Listed(path.stat().st_size, digest or file_digest(path), records)


def _digest(said: dict[str, Any]) -> str:
    return sha256_of(json.dumps(said, sort_keys=True).encode())
