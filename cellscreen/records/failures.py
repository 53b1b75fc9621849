"""Fields of a plate that gave no record, and why: told well by well, never dropped in silence.

Whoever converts a field notes it as a small file of its own in the folder that is being made, so
that workers in several processes need not talk to each other; at the end they become one table.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from cellscreen.atomic import replacing, write_text
from cellscreen.errors import RecordError
from cellscreen.records.fields import Row
from cellscreen.records.metadata import row_key

FAILURES, EMPTY = "failures.csv", "fields_without_cells.csv"
COLUMNS = ["key", "plate", "well", "site", "reason"]
_FOLDER = "noted"
FAILED, NO_CELLS = "failed", "no_cells"
REASON_EMPTY = "no cells"  # why such a field, or a bag of such fields, has no score


def note_field(folder: Path, rank: int, row: Row, outcome: str, reason: str) -> None:
    """Notes that a field gave no record; doing it twice is the same as once.

    Args:
        folder: the prepared directory that is being made.
        rank: of the field on its plate.
        row: a row of the field.
        outcome: `failed` or `no_cells`.
        reason: what was wrong, in words.
    """
    place = [row[f"Metadata_{name}"] for name in ("Plate", "Well", "Site")]
    noted = dict(zip(COLUMNS, [row_key(row), *place, reason], strict=True))
    write_text(folder / _FOLDER / f"{outcome}-{rank:08d}.json", json.dumps(noted))


def collect_failures(folder: Path, fields: int, max_failed: float) -> pd.DataFrame:
    """Gathers what was noted into `failures.csv` and `fields_without_cells.csv`.

    Args:
        folder: the prepared directory that is being made.
        fields: how many fields the plate has.
        max_failed: the share of them that may fail.

    Returns:
        The failures: `key`, `plate`, `well`, `site` and `reason`.

    Raises:
        RecordError: more fields failed than that; it names the first.
    """
    failed, empty = (_noted(folder / _FOLDER, outcome) for outcome in (FAILED, NO_CELLS))
    check_failures(failed.to_dict("records"), fields, max_failed)
    for table, name in ((failed, FAILURES), (empty, EMPTY)):
        with replacing(folder / name) as temporary:
            table.to_csv(temporary, index=False)
    shutil.rmtree(folder / _FOLDER, ignore_errors=True)
    return failed


def check_failures(failed: Sequence[dict], fields: int, max_failed: float) -> None:
    """Raises if too many fields failed.

    Raises:
        RecordError: more than `max_failed` of `fields` did.
    """
    if len(failed) <= max_failed * fields:
        return
    first = failed[0]
    raise RecordError(
        f"Expected at most {max_failed:.1%} of the plate's {fields} fields to fail; {len(failed)} "
        f"did. The first: {first['reason']}",
        plate=first["plate"],
        well=first["well"],
        fix="Mend the images, or raise --max_failed to go on without these fields.",
    )


def _noted(folder: Path, outcome: str) -> pd.DataFrame:
    rows = [
        json.loads(path.read_text(encoding="utf-8"))
        for path in sorted(folder.glob(f"{outcome}-*.json"))
    ]
    return pd.DataFrame(rows, columns=COLUMNS)
