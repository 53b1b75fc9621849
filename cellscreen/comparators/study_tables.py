"""What is finished of a study, as tables: methods by affected fraction, dose, patch number."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from cellscreen.comparators.answers import read_answers, run_answers, run_manifest
from cellscreen.comparators.bag_run import read_bag_run
from cellscreen.comparators.beside_table import figures_by_level
from cellscreen.comparators.levels import COMPOUND, at_level, doses_um
from cellscreen.comparators.paired import compare_methods
from cellscreen.comparators.step_marks import seconds_of_steps
from cellscreen.comparators.study_config import MID, StudyConfig
from cellscreen.comparators.study_folder import StudyFolder
from cellscreen.fitting.run_folder import SUMMARY, write_csv

LOGGER = logging.getLogger(__name__)
MID_NAME = "MID"
NAMES = {MID: MID_NAME, "mean": "bag_mean", "gated_attention": "bag_gated", "vote": "bag_vote"}
FILES = {"figures": "study.csv", "doses": "doses.csv", "curves": "patch_curve.csv"}
FILES |= {"deletion": "deletion.csv", "enrichment": "enrichment.csv"}
Answers = dict[str, list[pd.DataFrame]]


@dataclass(frozen=True)
class StudyTables:
    """The tables of a study; a part that is not finished has no rows.

    Attributes:
        config: of the study.
        figures: `fraction, level, model, metric, value, low, high, difference…` of
            `beside_table.figures_by_level`; differences are MID's figure minus the model's.
        doses: AUROC by compound of each dose alone: `fraction, dose_um, model, value, low, high…`.
        curves: MID against the crops of a set: `fraction` and the columns of `patch-curve`.
        deletion: `fraction` and the columns of `explain.deletion.deletion_summary`.
        enrichment: `fraction` and the columns of `explain.enrichment.enrichment_summary`.
        unfinished: what is missing, a sentence each.
        seconds: what all finished steps took.
    """

    config: StudyConfig
    figures: pd.DataFrame
    doses: pd.DataFrame
    curves: pd.DataFrame
    deletion: pd.DataFrame
    enrichment: pd.DataFrame
    unfinished: tuple[str, ...] = ()
    seconds: float = field(default=float("nan"))

    def write(self, root: Path) -> None:
        """Writes each table that has rows as CSV."""
        for name, file in FILES.items():
            table = getattr(self, name)
            if len(table):
                write_csv(table, root / file)


def read_study(root: str | Path, config: StudyConfig) -> StudyTables:
    """Reads what is finished of a study and computes its figures.

    Args:
        root: folder of the study.
        config: of the study.

    Raises:
        DataError: methods of one fraction were trained on other folds or labels.

    Example:
        >>> read_study("study", StudyConfig()).figures.query("metric == 'auroc'")  # doctest: +SKIP
    """
    folder, parts, unfinished = StudyFolder(Path(root)), dict[str, list[pd.DataFrame]](), []
    for share in config.shares:
        answers, missing = fraction_answers(folder, config, share)
        unfinished += [f"At {share:g}: {name}." for name in missing]
        tables = _small_tables(folder, share)
        if MID_NAME in answers:
            tables |= _compared(folder, config, share, answers)
        for name, table in tables.items():
            parts.setdefault(name, []).append(table.assign(fraction=share))
    found = {name: _stacked(parts.get(name, [])) for name in FILES}
    return StudyTables(
        config, **found, unfinished=tuple(unfinished), seconds=seconds_of_steps(folder.root)
    )


def fraction_answers(
    folder: StudyFolder, config: StudyConfig, share: float
) -> tuple[Answers, list[str]]:
    """The out-of-fold answers of all finished methods at one fraction, a frame a seed.

    Returns:
        Answers by the method's name in tables, MID first, and the names of what is missing.
    """
    answers: Answers = {}
    missing = []
    for head in sorted(config.set_heads, key=lambda name: name != MID):
        for seed in config.seeds_of(head, share):
            run = folder.run(share, head, seed)
            if (run / SUMMARY).is_file():
                answers.setdefault(NAMES[head], []).append(run_answers(run))
            else:
                missing.append(f"{NAMES[head]}, seed {seed}")
    for name in config.comparators_config.comparators:
        for seed in config.seeds_of(MID, share):
            path = folder.comparators(share, seed) / f"{name}.csv"
            if path.is_file():
                answers.setdefault(name, []).append(read_answers(path))
            elif seed == int(config.seeds[0]):
                missing.append(name)
    return answers, missing


def _compared(
    folder: StudyFolder, config: StudyConfig, share: float, answers: Answers
) -> dict[str, pd.DataFrame]:
    workdir = folder.run(share, MID, int(config.seeds[0]))
    classes, manifest = read_bag_run(workdir).classes, run_manifest(workdir)
    draws = config.study_draws
    doses = doses_um(manifest)
    parts = []
    for dose in sorted(set(doses[manifest["trained"]].dropna())):
        keys = set(manifest.loc[doses == dose, "key"])
        chosen = {
            name: [at_level(f[f["key"].isin(keys)], manifest, COMPOUND) for f in frames]
            for name, frames in answers.items()
        }
        table = compare_methods(chosen, classes, MID_NAME, metrics=("auroc",), draws=draws)
        parts.append(table.assign(dose_um=dose))
    return {
        "figures": figures_by_level(answers, manifest, classes, MID_NAME, draws=draws),
        "doses": _stacked(parts),
    }


def _small_tables(folder: StudyFolder, share: float) -> dict[str, pd.DataFrame]:
    explained = folder.explained(share)
    paths = {
        "curves": folder.curve(share),
        "deletion": explained / FILES["deletion"],
        "enrichment": explained / FILES["enrichment"],
    }
    return {name: pd.read_csv(path) for name, path in paths.items() if path.is_file()}


def _stacked(parts: list[pd.DataFrame]) -> pd.DataFrame:
    if not parts:
        return pd.DataFrame()
    found = pd.concat(parts, ignore_index=True)
    first = [name for name in ("fraction", "dose_um") if name in found]
    return found[[*first, *(name for name in found if name not in first)]]
