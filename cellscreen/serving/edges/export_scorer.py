"""Scores by an exported SavedModel."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import ClassVar

import numpy as np
import tensorflow as tf

from cellscreen.images import gray
from cellscreen.images.threads import read_in_order
from cellscreen.records.fields import Pixels, Row, read_pixels_and_digest
from cellscreen.screening.scores import score_column
from cellscreen.serving.common.model_files import ASSETS, MODEL_FILE
from cellscreen.serving.common.scored import Scored, would_flatter
from cellscreen.serving.common.trained_on import TAKE_RUN, TrainedOn
from cellscreen.serving.edges.scorer import batches
from cellscreen.training.edges.config import EdgesConfig


class ExportScorer:
    """Scores with an exported SavedModel, from raw pixels; needs neither Keras nor the run."""

    kind: ClassVar[str] = EdgesConfig.TRAINER

    def __init__(self, folder: Path) -> None:
        extra = folder / ASSETS
        about = json.loads((extra / MODEL_FILE).read_text(encoding="utf-8"))
        self.model_id, self.simulated = about["model_id"], about["simulated"]
        self.columns = [score_column(about["task"], name) for name in about["classes"]]
        self.channel = about["channel_names"][0]
        self._trained_on = TrainedOn(extra, about.get("fold_by", ""))
        self._loaded = tf.saved_model.load(str(folder))

    def score(self, rows: Sequence[Row]) -> Iterator[Scored]:
        """See `Scorer`; the SD over nets is not known, and every net may see every image."""
        undefined = np.full(len(self.columns), np.nan)
        saw_group = iter(self._trained_on.saw_groups(rows))
        for batch in batches(read_in_order(self._read, rows)):
            # Fields of a plate may differ in size, so that a batch is cut where the shape changes.
            shapes = itertools.groupby(batch, key=lambda p: (p.image.shape[:2], p.image.dtype))
            for _, pixels in shapes:
                for mean in self._serve(list(pixels)):
                    yield Scored(mean, undefined, None, next(saw_group))

    def _read(self, row: Row) -> Pixels:
        pixels, digest = read_pixels_and_digest(row)
        if digest in self._trained_on.checksums:
            raise would_flatter("The exported model was trained on this image", row, TAKE_RUN)
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
