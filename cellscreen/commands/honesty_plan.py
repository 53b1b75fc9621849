"""The steps of a study of honesty, in order: plates, trainings, what stands beside them."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import TYPE_CHECKING

from cellscreen.commands import honesty_steps
from cellscreen.commands.steps import Step
from cellscreen.comparators.honesty_config import HonestyConfig
from cellscreen.comparators.honesty_folder import HonestyFolder
from cellscreen.fitting.fit_config import UNWATCHED, Watch
from cellscreen.training.cells.config import CellDataConfig

if TYPE_CHECKING:
    from cellscreen.comparators.honesty_trainings import Trainings

PLATE_MAP = "platemap.csv"


def build_step(images: Path, data: CellDataConfig) -> Step:
    """Prepares simulated plates: cells with flows from their labels, and the nets' features.

    Example:
        >>> build_step(Path("plates"), CellDataConfig("records")).words[0]
        'build'
    """
    return Step(
        "build",
        (
            *("build", f"--images={images}", f"--platemap={images / PLATE_MAP}"),
            *(f"--dataset={data.dataset}", f"--kind={data.records}", "--flows=from_labels"),
            *("--feature_groups=shape,levels", f"--data_dir={data.data_dir}"),
            # Confluent cells leave little ground: by the usual contrast many fields show none.
            "--min_contrast=1",
        ),
    )


def honesty_plan(
    root: Path, config: HonestyConfig, trainings: Trainings, watch: Watch = UNWATCHED
) -> list[Step]:
    """All steps of a study behind its plates: splits first, each with what stands beside it.

    Example:
        >>> [step.name for step in honesty_plan(root, config, trainings)][:2]  # doctest: +SKIP
        ['train-well', 'beside-well']
    """
    folder, steps = HonestyFolder(root), []
    for name, cells in trainings.configs.items():
        split = next((s for s, run in trainings.splits.items() if run == name), "")
        part = name if split else name.partition("-")[0]
        call = functools.partial(honesty_steps.train, cells, folder.run(name), watch)
        steps.append(Step(f"train-{name}", call=call, about=_about(name, split), part=part))
        if split:
            beside = functools.partial(
                honesty_steps.stand_beside, folder, split, name, cells, config.boosted_trees
            )
            about = f"LightGBM, sanity check and differences on the folds by {split}"
            steps.append(Step(f"beside-{split}", call=beside, about=about, part=part))
    return steps


def _about(name: str, split: str) -> str:
    kind, _, what = name.partition("-")
    if split:
        return f"the net, folds by {split}"
    return (
        f"the net with {what.replace('-', ' and ')} alone"
        if kind == "only"
        else f"the net with the remedy {what}"
    )
