"""Scores of bags by the nets of a run."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar, Protocol

from cellscreen.fitting import run_folder
from cellscreen.models.bag_nets import check_crops
from cellscreen.pipelines.bag_index import BagIndex
from cellscreen.pipelines.bag_input import BagUnit
from cellscreen.pipelines.folds import held_out_folds, read_manifest
from cellscreen.serving.bags.answers import answers_of_bags
from cellscreen.serving.bags.export import KIND, columns_of
from cellscreen.serving.bags.held_out import folds_of_bags
from cellscreen.serving.common.held_out import HeldOut
from cellscreen.serving.common.model_files import model_id
from cellscreen.serving.common.scored import Scored
from cellscreen.training.bags.config import BagsConfig
from cellscreen.training.bags.inference_config import InferenceConfig
from cellscreen.training.bags.set_inference import SetInference


class BagScorer(Protocol):
    """What scores bags: the nets of a run folder, or an exported model.

    Attributes:
        kind: `bags`.
        model_id: a name for the nets.
        columns: score columns, in the order of the answers.
        simulated: whether it was trained on simulated images.
        bag_unit: what its bags were in training.
    """

    kind: ClassVar[str]
    model_id: str
    columns: list[str]
    simulated: bool
    bag_unit: BagUnit

    def score(self, index: BagIndex, rows: Sequence[int], examples: BagIndex) -> Iterator[Scored]:
        """Yields the answer to each bag.

        Args:
            index: of the bags to be scored.
            rows: of `index.bags`.
            examples: of the same plates, in bags of `bag_unit`.

        Raises:
            ConfigError: the crops have another size or other channels than the model's.
            ScoreError: a bag cannot be scored honestly.
            DataError: the net answers NaN.
        """


def load_nets(
    workdir: Path, config: BagsConfig, inference: InferenceConfig, index: BagIndex
) -> dict[int, SetInference]:
    """The net of each fold of a run, drawing as in its training's predictions.

    Args:
        workdir: a finished run.
        config: of the run.
        inference: how bags are asked.
        index: of the bags that they are to be asked of.

    Raises:
        ConfigError: a fold is not trained to its end, or the crops have another size or other
            channels than its net's.
    """
    nets = {}
    for fold in held_out_folds(read_manifest(workdir / run_folder.MANIFEST)):
        model = run_folder.load_fold(workdir, fold)
        check_crops(model, index.crop_size, index.channels)
        nets[fold] = SetInference(model, config.bag_input.bag_crops, inference, config.fit.seed)
    return nets


class BagRunScorer:
    """Scores with the nets of a run folder: a bag by the net that held it, or its group, out; one
    of a group that no net saw by the mean over folds.

    Args:
        workdir: a finished run.
        asked: fields of `InferenceConfig` that are not to be as in the run.

    Raises:
        ConfigError: the run is not finished, or a field has a value that cannot work.
    """

    kind: ClassVar[str] = KIND

    def __init__(self, workdir: Path, asked: Mapping[str, Any] | None = None) -> None:
        config = run_folder.read_config_of(workdir, BagsConfig)
        self.simulated = run_folder.read_summary(workdir)["simulated"]
        self.model_id = model_id(workdir)
        self.bag_unit = config.bag_input.bag_unit
        self._columns = columns_of(config)
        self.columns = self._columns.names
        self._inference = replace(config.inference, **(asked or {}))
        self._workdir, self._config = workdir, config
        manifest = read_manifest(workdir / run_folder.MANIFEST)
        self._held_out = HeldOut(manifest, config.folds_config.fold_by, self.bag_unit)

    def score(self, index: BagIndex, rows: Sequence[int], examples: BagIndex) -> Iterator[Scored]:
        """See `BagScorer`."""
        nets = load_nets(self._workdir, self._config, self._inference, index)
        found = folds_of_bags(self._held_out, index, rows, examples)

        def nets_of(place: int) -> list[SetInference]:
            fold = found[place].fold
            return list(nets.values()) if fold is None else [nets[fold]]

        answers = answers_of_bags(nets_of, index, rows)
        for bag, answer in zip(found, answers, strict=True):
            yield Scored(
                self._columns.values(answer.mean),
                self._columns.deviations(answer.deviation),
                bag.fold,
                bag.saw_group,
                answer.reason,
            )
