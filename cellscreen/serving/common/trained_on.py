"""What an exported model was trained on, as its folder tells."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from cellscreen.plates.groups import LEAKY
from cellscreen.records.fields import Row
from cellscreen.serving.common.scored import would_flatter
from cellscreen.serving.common.seen_groups import groups_of_rows

SEEN_FILE, SEEN_GROUPS_FILE = "trained_sha256.txt", "trained_groups.txt"
TAKE_RUN = "Score it with the run folder, which takes the net that did not see it."


class TrainedOn:
    """Checksums and groups that the nets of an exported model were trained on.

    Args:
        folder: has `trained_sha256.txt` and, of exports since groups are written,
            `trained_groups.txt`.
        fold_by: what the training kept together.

    Attributes:
        checksums: of images or bags.
    """

    def __init__(self, folder: Path, fold_by: str) -> None:
        self.checksums = _lines(folder / SEEN_FILE)
        self._fold_by, self._groups = fold_by, set[str]()
        if (folder / SEEN_GROUPS_FILE).is_file():
            self._groups = _lines(folder / SEEN_GROUPS_FILE)

    def saw_groups(self, rows: Sequence[Row]) -> list[bool]:
        """Whether each row is of a group that was trained on; a well of it is refused.

        A wider group, such as a compound or plate, is met on every plate with the same controls.

        Raises:
            ScoreError: a row is of a well that was trained on.
        """
        if not self._groups:
            return [False] * len(rows)
        saw = [group in self._groups for group in groups_of_rows(rows, self._fold_by)]
        if self._fold_by in ("well", LEAKY) and any(saw):
            raise would_flatter(
                "The exported model was trained on images of this well",
                rows[saw.index(True)],
                TAKE_RUN,
            )
        return saw


def _lines(path: Path) -> set[str]:
    return set(path.read_text(encoding="utf-8").split("\n")) - {""}
