"""The steps of a study, in order: verbs with their words, and what no verb does."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from pathlib import Path

from cellscreen.commands import study_steps
from cellscreen.commands.steps import Step
from cellscreen.comparators.study_config import MID, StudyConfig
from cellscreen.comparators.study_folder import StudyFolder

CROPS_OF_SETS = "1,2,4,8,12,16,24,32"
CROP_SIZE = 48


def study_plan(root: Path, config: StudyConfig) -> list[Step]:
    """All steps of a study, fraction by fraction, a page after each.

    Example:
        >>> [step.name for step in study_plan(Path("study"), StudyConfig())][:3]
        ['0-simulate', '0-bags', '0-cells']
    """
    return [
        step._replace(part=f"{share:g}")
        for share in config.shares
        for step in _of_fraction(root, config, share)
    ]


def _of_fraction(root: Path, config: StudyConfig, share: float) -> Iterator[Step]:
    folder, first = StudyFolder(root), int(config.seeds[0])
    yield from _plates(folder, config, share)
    for head in sorted(config.set_heads, key=lambda name: name != MID):
        for seed in config.seeds_of(head, share):
            words = _train(folder, config, share, head, seed)
            yield Step(f"{share:g}-{head}-{seed}", words)
    for seed in config.seeds_of(MID, share):
        yield Step(
            f"{share:g}-comparators-{seed}",
            call=functools.partial(study_steps.train_beside, folder, config, share, seed),
            about="comparators on the folds of MID",
        )
    run = folder.run(share, MID, first)
    if share:
        yield Step(
            f"{share:g}-patch-curve",
            (
                *("patch-curve", f"--model={run}", f"--data_dir={folder.records(share)}"),
                *(f"--crops={CROPS_OF_SETS}", f"--output={folder.curve(share)}"),
            ),
        )
    if share and config.explained_bags:
        yield Step(
            f"{share:g}-attention",
            call=functools.partial(study_steps.explain_attention, folder, config, share),
            about="deletion test, and attention beside the truth of cells",
        )


def _plates(folder: StudyFolder, config: StudyConfig, share: float) -> Iterator[Step]:
    images, records = folder.images(share), folder.records(share)
    counts = ("compounds", "doses", "replicates", "size_px", "control_wells", "poscon_wells")
    yield Step(
        f"{share:g}-simulate",
        (
            *("simulate", "--kind=cardiotox", "--layout=harmony", "--cell_truth"),
            *(f"--affected_fraction={share:g}", f"--seed={config.plate_seed}"),
            *(f"--{name}={getattr(config, name)}" for name in counts),
            f"--output={images}",
        ),
    )
    build = (
        *("build", f"--images={images}", f"--platemap={images / 'platemap.csv'}"),
        *("--nuclei_channel=DNA", "--scale=plate", f"--data_dir={records}"),
    )
    yield Step(f"{share:g}-bags", (*build, "--kind=bags", f"--crop_size={CROP_SIZE}"))
    # Confluent cells leave little ground: by the usual contrast many fields show no cell bodies.
    cells = ("--kind=cells", "--cells_channel=MMP", "--min_contrast=1")
    yield Step(f"{share:g}-cells", (*build, *cells))


def _train(
    folder: StudyFolder, config: StudyConfig, share: float, head: str, seed: int
) -> tuple[str, ...]:
    words = (
        *("train-bags", f"--flagfile={config.recipe}", f"--data_dir={folder.records(share)}"),
        *(f"--labels={folder.images(share) / 'labels.csv'}", "--labels_by=name"),
        *("--classes=nontoxic,toxic", "--task=cardiotoxicity", "--fold_by=compound"),
        *(f"--set_head={head}", f"--seed={seed}", "--jit=off"),
        f"--workdir={folder.run(share, head, seed)}",
    )
    return (*words, f"--epochs={config.epochs}") if config.epochs else words
