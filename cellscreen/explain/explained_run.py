"""From a run folder and its prepared plates to what explanations are made from."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from cellscreen.errors import ConfigError
from cellscreen.explain.explain_config import ExplainConfig
from cellscreen.explain.explain_input import ExplainInput
from cellscreen.explain.explained_folds import manifest_of_bags, read_fold_predictions
from cellscreen.explain.explained_question import question_of
from cellscreen.explain.fold_scores import fold_scores, out_of_fold
from cellscreen.explain.run_nets import run_nets
from cellscreen.fitting import run_folder
from cellscreen.pipelines.bag_checks import bag_checksums
from cellscreen.pipelines.bag_index import index_bags
from cellscreen.pipelines.folds import LEAKY, held_out_folds, read_manifest
from cellscreen.pipelines.records import prepared_plates, read_metadata
from cellscreen.plates.table import read_plate_table
from cellscreen.screening.scores import read_scores
from cellscreen.simulate.hcs_writing import CELL_TRUTH
from cellscreen.training.bags.config import BagsConfig
from cellscreen.training.configs import read_config


def read_explain_input(
    workdir: str | Path,
    output: str | Path,
    *,
    data_dir: str | Path = "",
    scores: str | Path = "",
    images: Sequence[str | Path] = (),
    truth: str | Path = "",
    of_task: str = "",
    config: ExplainConfig | None = None,
    seed: int = 0,
) -> ExplainInput:
    """Opens a finished training of bags to explain it.

    Args:
        workdir: its run folder.
        output: folder for tables, pictures and the page.
        data_dir: root folder of the prepared plates; empty for the one it was trained on.
        scores: score table of the run's bags; empty for the folds' own predictions.
        images: folders of the images that the plates were prepared from.
        truth: folder of the simulation with the truth of every cell; empty looks into `images`.
        of_task: which of several binary tasks; empty for the first.
        config: what is shown.
        seed: of all draws.

    Raises:
        ConfigError: the run is no finished training of bags, or the plates are not its own.
        RecordError: the prepared plates are missing or damaged.
        ScoreError: the scores are not out of fold, or none.

    Example:
        >>> asked = read_explain_input("runs/mid", "explained")  # doctest: +SKIP
        >>> asked.embed(asked.held_out[0]).shape  # doctest: +SKIP
        (187, 128)
    """
    workdir = Path(workdir)
    trained = read_config(workdir)
    if not isinstance(trained, BagsConfig):
        raise ConfigError(
            "Expected a run of nets of bags; this one is of another kind.",
            file=workdir,
            fix="Give the --workdir of `cellscreen train-bags`.",
        )
    data, unit = trained.data, trained.bag_input.bag_unit
    question = question_of(data, of_task)
    root = Path(data_dir or data.data_dir)
    plates = prepared_plates(root, data.dataset, "bags")
    index = index_bags(plates, unit)
    known, sums = read_manifest(workdir / run_folder.MANIFEST), bag_checksums(index)
    manifest = manifest_of_bags(known, index.bags, sums, question.labels, workdir)
    if scores:
        table = out_of_fold(read_scores(scores), manifest, Path(scores))
    else:
        answers = question.of_predictions(read_fold_predictions(workdir, held_out_folds(manifest)))
        asked = question.task, question.classes
        table = fold_scores(answers, index.bags, *asked, workdir.name, unit)
    net = run_nets(workdir, trained.inference, index.crop_size, index.channels)
    tables = [read_plate_table(folder) for folder in images]
    return ExplainInput(
        run=workdir.name,
        task=question.task,
        classes=question.classes,
        index=index,
        manifest=manifest,
        fields=read_metadata(plates),
        net=functools.cache(lambda fold: question.of_net(net(fold))),
        scores=table,
        set_crops=trained.inference.set_crops or trained.bag_input.bag_crops,
        output=Path(output),
        config=config or ExplainConfig(),
        seed=seed,
        images=pd.concat(tables, ignore_index=True) if tables else None,
        truth=_truth(truth, images),
        data_dir=root,
        dataset=data.dataset,
        leaky=trained.folds_config.fold_by == LEAKY,
    )


def _truth(given: str | Path, images: Sequence[str | Path]) -> Path | None:
    """The folder of the simulation, as given, else where the images are."""
    if given:
        return Path(given)
    return next((Path(folder) for folder in images if (Path(folder) / CELL_TRUTH).is_dir()), None)
