"""Whether prepared folders are whole: every file against the manifest written when it was made."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from cellscreen.errors import RecordError
from cellscreen.records.kinds import KINDS
from cellscreen.records.manifest import NAME, Listed, Manifest, is_shard, read_manifest
from cellscreen.records.shards import file_digest, record_spans

INFO = "dataset_info.json"


@dataclass(frozen=True)
class Fault:
    """One thing that is wrong with a prepared folder.

    Attributes:
        file: the file at fault.
        text: what was expected and what is there.
    """

    file: Path
    text: str


@dataclass(frozen=True)
class Verified:
    """What was found in one prepared folder.

    Attributes:
        folder: the prepared directory.
        kind: of record; "" where there is no manifest.
        records: how many the manifest promises.
        faults: what is wrong; none where the folder is whole.
    """

    folder: Path
    kind: str
    records: int
    faults: tuple[Fault, ...]


def verify_folder(folder: Path) -> Verified:
    """Checks one prepared directory: files, sizes, checksums, counts, schema and metadata.

    Args:
        folder: `<root>/<plate>/<dataset>/<kind>/<version>`.

    Example:
        >>> verify_folder(Path("records/P1/hcs/bags/1.0.0")).faults  # doctest: +SKIP
        ()
    """
    try:
        manifest = read_manifest(folder)
    except RecordError as error:
        return Verified(folder, "", 0, (Fault(folder / NAME, f"{error.problem} {error.fix}"),))
    there = {path.name: path for path in sorted(folder.iterdir()) if path.name != NAME}
    faults = [
        Fault(path, "Expected only the files of the manifest; this one is foreign.")
        for name, path in there.items()
        if name not in manifest.files
    ]
    for name, listed in manifest.files.items():
        if name not in there:
            kind = "shard" if is_shard(name) else "file"
            faults.append(Fault(folder / name, f"Expected this {kind}; it is missing."))
        else:
            faults += [Fault(folder / name, text) for text in _changes(there[name], listed)]
    return Verified(folder, manifest.kind, manifest.records, (*faults, *_of_info(folder, manifest)))


def verify_root(root: Path) -> list[Verified]:
    """Checks every prepared directory below a root, or one that is given itself.

    Half-written folders that an interrupted build left are faults too: the next build of the plate
    cleans them.

    Raises:
        RecordError: there is no prepared directory.
    """
    root = Path(root)
    if (root / INFO).is_file() or (root / NAME).is_file():
        return [verify_folder(root)]
    checked = [verify_folder(folder) for folder in _prepared(root)]
    for leftover in sorted(root.glob("*/*/*/incomplete.*")):
        text = "Expected prepared folders; an interrupted build left this one. Build again."
        checked.append(Verified(leftover, "", 0, (Fault(leftover, text),)))
    if not checked:
        raise RecordError(
            "Expected prepared plates <plate>/<dataset>/<kind>/<version>; there is none.",
            file=root,
            fix="Give the --data_dir that `cellscreen build` was given.",
        )
    return checked


def _prepared(root: Path) -> list[Path]:
    """Folders of a version; those that lost their files too, as long as one shard is there."""
    found = [path for path in root.glob("*/*/*/*") if path.is_dir()]
    return sorted(path for path in found if not path.name.startswith((".", "incomplete.")))


def _changes(path: Path, listed: Listed) -> Iterator[str]:
    """What is different in a file."""
    if path.is_dir():
        yield "Expected a file; this is a folder."
        return
    if listed.records is not None:
        try:
            records = len(record_spans(path))
        except RecordError as error:
            yield error.problem
            return
        if records != listed.records:
            yield f"Expected {listed.records} records; the shard holds {records}."
            return
    size = path.stat().st_size
    if size != listed.size:
        yield f"Expected {listed.size} bytes; the file has {size}."
    elif file_digest(path) != listed.sha256:
        yield "Expected the bytes that were written; some differ (checksum)."


def _of_info(folder: Path, manifest: Manifest) -> Iterator[Fault]:
    """Whether TFDS' own account and our schema are those of the manifest."""
    known = KINDS[manifest.kind].schema if manifest.kind in KINDS else "none"
    if known.split(".")[0] != manifest.schema.split(".")[0]:
        yield Fault(
            folder / NAME,
            f"Expected schema {known} of {manifest.kind}; the records have {manifest.schema}.",
        )
    try:
        splits = json.loads((folder / INFO).read_text(encoding="utf-8"))["splits"]
        told = sum(int(length) for split in splits for length in split["shardLengths"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        yield Fault(folder / INFO, f"Expected TFDS' account of the shards; {error}.")
        return
    if told != manifest.records:
        yield Fault(folder / INFO, f"Expected {manifest.records} records; it says {told}.")
