"""Scores by the nets of an edge run."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import ClassVar

import numpy as np
import tensorflow as tf

from cellscreen.fitting import run_folder
from cellscreen.images.in_graph import reduce_edges
from cellscreen.images.threads import read_in_order
from cellscreen.pipelines.edge_input import EdgeInput
from cellscreen.pipelines.folds import held_out_folds, read_manifest
from cellscreen.records.edges import row_key
from cellscreen.records.fields import Row, read_field
from cellscreen.screening.scores import score_column
from cellscreen.serving.common.held_out import HeldOut, saw_group
from cellscreen.serving.common.model_files import model_id
from cellscreen.serving.common.scored import Scored
from cellscreen.serving.edges.scorer import batches
from cellscreen.training.edges.config import EdgesConfig


class RunScorer:
    """Scores with the nets of a run folder: an image by the net that held it, or its group, out;
    one of a group that no net saw by the mean over folds.

    Raises:
        ConfigError: the run is not finished.
    """

    kind: ClassVar[str] = EdgesConfig.TRAINER

    def __init__(self, workdir: Path) -> None:
        config = run_folder.read_config_of(workdir, EdgesConfig)
        self.simulated = run_folder.read_summary(workdir)["simulated"]
        self.model_id = model_id(workdir)
        self.columns = [score_column(config.data.task, name) for name in config.data.classes]
        self.channel = config.data.channel
        self._edge_input = config.edge_input
        manifest = read_manifest(workdir / run_folder.MANIFEST)
        folds = held_out_folds(manifest)
        self._nets = [
            tf.function(run_folder.load_fold(workdir, fold), reduce_retracing=True)
            for fold in folds
        ]
        self._net_of = {fold: number for number, fold in enumerate(folds)}
        self._held_out = HeldOut(manifest, config.folds_config.fold_by)

    def score(self, rows: Sequence[Row]) -> Iterator[Scored]:
        """See `Scorer`."""
        of_groups = self._held_out.of_groups(rows)
        for batch in batches(zip(read_in_order(read_field, rows), of_groups, strict=True)):
            inputs = [edge_map_input(field.edge_map, self._edge_input) for field, _ in batch]
            each = np.stack([net(tf.stack(inputs), training=False).numpy() for net in self._nets])
            for number, (field, of_group) in enumerate(batch):
                key, row = row_key(field.row), field.row
                fold = self._held_out.fold_of(row, key, field.sha256, int(of_group))
                yield self._answer(each[:, number], fold, saw_group(int(of_group)))

    def _answer(self, of_nets: np.ndarray, fold: int | None, saw: bool) -> Scored:
        undefined = np.full(len(self.columns), np.nan)
        if fold is not None:
            return Scored(of_nets[self._net_of[fold]], undefined, fold, saw)
        spread = of_nets.std(axis=0, ddof=1) if len(of_nets) > 1 else undefined
        return Scored(of_nets.mean(axis=0), spread, None, saw)


@tf.function(reduce_retracing=True)
def _reduced(edge_map: tf.Tensor, factor: int, size: int) -> tf.Tensor:
    return reduce_edges(tf.cast(edge_map, tf.float32)[..., None], factor, size)


def edge_map_input(edge_map: np.ndarray, edge_input: EdgeInput) -> tf.Tensor:
    """A stored edge map `(height, width)` as the net's input `(size, size, 1)` float32."""
    return _reduced(tf.constant(edge_map), edge_input.reduce_factor, edge_input.input_size)
