"""Scores of bags by an exported SavedModel."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import tensorflow as tf

from cellscreen.errors import ConfigError
from cellscreen.pipelines.bag_checks import bag_checksums
from cellscreen.pipelines.bag_index import BagIndex
from cellscreen.records.table_fingerprint import rows_of
from cellscreen.serving.bags.answers import answers_of_bags
from cellscreen.serving.bags.columns import BagColumns
from cellscreen.serving.bags.export import KIND
from cellscreen.serving.common.model_files import ASSETS, MODEL_FILE
from cellscreen.serving.common.scored import Scored, would_flatter
from cellscreen.serving.common.trained_on import TAKE_RUN, TrainedOn
from cellscreen.training.bags.cached_sets import BagParts, CachedSets
from cellscreen.training.bags.inference_config import InferenceConfig

HIGH = 255  # crops of an index are 8-bit already


class BagExportScorer:
    """Scores bags with an exported SavedModel, by the mean over its nets.

    Args:
        folder: of the exported version.
        asked: fields of `InferenceConfig` that are not to be as in the run.

    Raises:
        ConfigError: a field has a value that cannot work.
    """

    kind: ClassVar[str] = KIND

    def __init__(self, folder: Path, asked: Mapping[str, Any] | None = None) -> None:
        extra = folder / ASSETS
        about = json.loads((extra / MODEL_FILE).read_text(encoding="utf-8"))
        self.model_id, self.simulated = about["model_id"], about["simulated"]
        self.bag_unit = about["bag_input"]["bag_unit"]
        self._columns = BagColumns(about["target"], about["task"], about["classes"], about["tasks"])
        self.columns = self._columns.names
        self._crops = about["crop_size"], tuple(about["channel_names"])
        self._trained_on = TrainedOn(extra, about["fold_by"])
        self._loaded = tf.saved_model.load(str(folder))
        inference = replace(InferenceConfig(**about["inference"]), **(asked or {}))
        self._sets = CachedSets(
            self._parts(), about["bag_input"]["bag_crops"], inference, about["seed"]
        )

    def score(self, index: BagIndex, rows: Sequence[int], examples: BagIndex) -> Iterator[Scored]:
        """See `BagScorer`; every net answers for every bag, so that none may have seen it."""
        self._check_crops(index)
        self._refuse_seen(index, rows, examples)
        saw_group = self._trained_on.saw_groups(rows_of(index.bags.iloc[list(rows)]))
        answers = answers_of_bags(lambda place: [self._sets], index, rows)
        for answer, saw in zip(answers, saw_group, strict=True):
            yield Scored(
                self._columns.values(answer.mean),
                self._columns.deviations(answer.deviation),
                None,
                saw,
                answer.reason,
            )

    def _parts(self) -> BagParts:
        """The signatures that encode crops once and ask many sets."""
        encode_crops = self._loaded.signatures["encode_crops"]
        answer_sets = self._loaded.signatures["answer_sets"]
        channels, name = len(self._crops[1]), self._columns.answer

        def encode(crops: np.ndarray) -> tf.Tensor:
            low = np.zeros((len(crops), channels), np.int32)
            given = {"crops": crops.astype(np.uint16), "low": low, "high": low + HIGH}
            return encode_crops(**{k: tf.constant(v) for k, v in given.items()})["embeddings"]

        def ask(embeddings: np.ndarray) -> dict[str, tf.Tensor]:
            mask = tf.ones(embeddings.shape[:2], tf.bool)
            found = answer_sets(embeddings=tf.constant(embeddings), mask=mask)
            return {"answer": found[name], "attention": found["attention"]}

        units = encode_crops.structured_outputs["embeddings"].shape[-1]
        outputs = answer_sets.structured_outputs[name].shape[-1]
        return BagParts(encode, lambda sets: ask(sets)["answer"], ask, units, outputs)

    def _check_crops(self, index: BagIndex) -> None:
        size, channels = self._crops
        if (index.crop_size, index.channels) != self._crops:
            raise ConfigError(
                f"Expected crops of {size} px and the channels {', '.join(channels)} in this "
                f"order, as the model was trained on; got {index.crop_size} px and "
                f"{', '.join(index.channels)}.",
                fix=f"Build the records with --crop_size={size} and the model's channels.",
            )

    def _refuse_seen(self, index: BagIndex, rows: Sequence[int], examples: BagIndex) -> None:
        """Raises for bags of which fields were trained on."""
        checksums = bag_checksums(examples)
        seen = [k for k, checksum in enumerate(checksums) if checksum in self._trained_on.checksums]
        fields = {int(field) for k in seen for field in examples.of_bag[k]}
        for row in rows:
            if fields.intersection(index.of_bag[row].tolist()):
                what = "The exported model was trained on images of this"
                raise would_flatter(
                    f"{what} {self.bag_unit}", rows_of(index.bags.iloc[[row]])[0], TAKE_RUN
                )
