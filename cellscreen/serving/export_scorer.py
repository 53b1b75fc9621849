"""Scores by an exported SavedModel."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import tensorflow as tf

from cellscreen.images import gray
from cellscreen.images.threads import read_in_order
from cellscreen.plates.groups import LEAKY
from cellscreen.records.fields import Pixels, Row, read_pixels_and_digest
from cellscreen.serving import export
from cellscreen.serving.scorer import Scored, batches, would_flatter
from cellscreen.serving.seen_groups import groups_of_rows

_TAKE_RUN = "Score it with the run folder, which takes the net that did not see it."


class ExportScorer:
    """Scores with an exported SavedModel, from raw pixels; needs neither Keras nor the run."""

    def __init__(self, folder: Path) -> None:
        extra = folder / export.ASSETS
        about = json.loads((extra / export.MODEL_FILE).read_text(encoding="utf-8"))
        self.model_id, self.task = about["model_id"], about["task"]
        self.classes, self.simulated = tuple(about["classes"]), about["simulated"]
        self.channel = about["channel_names"][0]
        self._seen = set((extra / export.SEEN_FILE).read_text().split())
        self._fold_by, self._seen_groups = about.get("fold_by", ""), set[str]()
        if (extra / export.SEEN_GROUPS_FILE).is_file():  # of exports since groups are written
            text = (extra / export.SEEN_GROUPS_FILE).read_text(encoding="utf-8")
            self._seen_groups = set(text.split("\n")) - {""}
        self._loaded = tf.saved_model.load(str(folder))

    def score(self, rows: Sequence[Row]) -> Iterator[Scored]:
        """See `Scorer`; the SD over nets is not known, and every net may see every image."""
        undefined = np.full(len(self.classes), np.nan)
        saw_group = iter(self._saw_groups(rows))
        for batch in batches(read_in_order(self._read, rows)):
            # Fields of a plate may differ in size, so that a batch is cut where the shape changes.
            shapes = itertools.groupby(batch, key=lambda p: (p.image.shape[:2], p.image.dtype))
            for _, pixels in shapes:
                for mean in self._serve(list(pixels)):
                    yield Scored(mean, undefined, None, next(saw_group))

    def _saw_groups(self, rows: Sequence[Row]) -> list[bool]:
        """Whether each row is of a group that was trained on; a well of it is refused.

        A wider group, such as a compound or plate, is met on every plate with the same controls.
        """
        if not self._seen_groups:
            return [False] * len(rows)
        groups = groups_of_rows(rows, self._fold_by)
        saw = [group in self._seen_groups for group in groups]
        if self._fold_by in ("well", LEAKY) and any(saw):
            raise would_flatter(
                "The exported model was trained on images of this well",
                rows[saw.index(True)],
                _TAKE_RUN,
            )
        return saw

    def _read(self, row: Row) -> Pixels:
        pixels, digest = read_pixels_and_digest(row)
        if digest in self._seen:
            raise would_flatter("The exported model was trained on this image", row, _TAKE_RUN)
        return pixels

    def _serve(self, pixels: list[Pixels]) -> np.ndarray:
        images = np.stack([gray.to_gray(p.image) for p in pixels])[..., None]
        if images.dtype == np.uint8:
            given = {"images": tf.constant(images)}
            served = self._loaded.signatures["serving_default"](**given)
        else:
            served = self._loaded.signatures["serve_uint16"](
                images=tf.constant(images),
                low=tf.constant([p.low for p in pixels], tf.int32),
                high=tf.constant([p.high for p in pixels], tf.int32),
            )
        return np.stack([served["p0"].numpy(), served["p1"].numpy()], axis=1)
