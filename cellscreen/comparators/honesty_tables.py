"""What is finished of a study of honesty, as tables: splits, remedies, parts of the net, sanity."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from cellscreen.comparators.honesty_config import WELL, HonestyConfig
from cellscreen.comparators.honesty_folder import HonestyFolder
from cellscreen.comparators.honesty_trainings import Trainings
from cellscreen.comparators.step_marks import seconds_of_steps
from cellscreen.fitting.run_folder import SUMMARY, write_csv
from cellscreen.training.cells.judgement import (
    BIAS_FILE,
    CLASSES_FILE,
    CONFUSIONS_FILE,
    LEVELS_FILE,
)
from cellscreen.votes.honesty import honesty_lines

POOLED = "pooled"
FILES = {"honesty": "honesty.csv", "differences": "differences.csv", "lines": "lines.csv"}
FILES |= {"ablation": "ablation.csv", "balance": "balance.csv", "sanity": "sanity.csv"}
_FIGURE = ["value", "low", "high", "chance", "n_units", "n_groups"]
_NOTHING = pd.DataFrame()


@dataclass(frozen=True)
class HonestyTables:
    """The tables of a study; a part that is not finished has no rows.

    Attributes:
        config: of the study.
        honesty: `split, model, level, rule, metric, value, low, high, chance, n_units, n_groups`:
            the net, LightGBM and the baselines under every split.
        differences: `split` and the columns of `votes.differences.difference_table`: how far each
            model is from chance and each net from the baselines, images by majority.
        lines: `model, split, standing, line` of `votes.honesty.honesty_lines`.
        ablation: `parts, level, rule, metric, value…`, the net with each set of its parts.
        balance: `remedy, level, rule, metric, value…`, the net with each remedy, and the figures
            of `votes.bias.bias_figures` of each.
        sanity: `split` and the columns of `honesty_sanity.sanity_figures`.
        bias, classes, confusions: of the main run, as its own CSVs.
        unfinished: what is missing, a sentence each.
        left_out: splits that the plates do not offer, a sentence each.
        seconds: what all finished steps took.
    """

    config: HonestyConfig
    honesty: pd.DataFrame = field(default_factory=pd.DataFrame)
    differences: pd.DataFrame = field(default_factory=pd.DataFrame)
    lines: pd.DataFrame = field(default_factory=pd.DataFrame)
    ablation: pd.DataFrame = field(default_factory=pd.DataFrame)
    balance: pd.DataFrame = field(default_factory=pd.DataFrame)
    sanity: pd.DataFrame = field(default_factory=pd.DataFrame)
    bias: pd.DataFrame = field(default_factory=pd.DataFrame)
    classes: pd.DataFrame = field(default_factory=pd.DataFrame)
    confusions: pd.DataFrame = field(default_factory=pd.DataFrame)
    unfinished: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()
    seconds: float = field(default=float("nan"))

    @property
    def net(self) -> str:
        """How tables call the net."""
        return self.config.cells.net_name

    def write(self, root: Path) -> None:
        """Writes each table that has rows as CSV."""
        for name, file in FILES.items():
            table = getattr(self, name)
            if len(table):
                write_csv(table, root / file)


def read_honesty(root: str | Path, config: HonestyConfig, trainings: Trainings) -> HonestyTables:
    """Reads what is finished of a study.

    Args:
        root: folder of the study.
        config: of the study.
        trainings: what it trains.

    Example:
        >>> read_honesty("honesty", config, trainings).lines["line"]  # doctest: +SKIP
    """
    folder = HonestyFolder(Path(root))
    done = [name for name in trainings.configs if (folder.run(name) / SUMMARY).is_file()]
    honesty = _of_splits(folder, trainings, done)
    apart = _stacked({s: _csv(folder.differences(s)) for s in trainings.splits}, "split")
    bias, classes, confusions = (
        _csv(folder.run(WELL) / file, WELL in done)
        for file in (BIAS_FILE, CLASSES_FILE, CONFUSIONS_FILE)
    )
    return HonestyTables(
        config,
        honesty=honesty,
        differences=apart,
        lines=honesty_lines(honesty, apart) if len(honesty) else _NOTHING,
        ablation=_of_runs(folder, trainings.ablations, done, "parts", (LEVELS_FILE,)),
        balance=_of_runs(folder, trainings.balances, done, "remedy", (LEVELS_FILE, BIAS_FILE)),
        sanity=_stacked({s: _csv(folder.sanity(s)) for s in trainings.splits}, "split"),
        bias=bias,
        classes=classes,
        confusions=confusions,
        unfinished=tuple(f"The training {n}." for n in trainings.configs if n not in done),
        left_out=trainings.left_out,
        seconds=seconds_of_steps(folder.root),
    )


def _of_splits(folder: HonestyFolder, trainings: Trainings, done: list[str]) -> pd.DataFrame:
    """Figures of the net, of LightGBM and of the baselines under every finished split."""
    parts = {}
    for split, run in trainings.splits.items():
        if run in done:
            own = _pooled(_csv(folder.run(run) / LEVELS_FILE))
            parts[split] = pd.concat([own, _csv(folder.boosted(split))], ignore_index=True)
    columns = ["split", "model", "level", "rule", "metric", *_FIGURE]
    return _stacked(parts, "split").reindex(columns=columns) if parts else _NOTHING


def _of_runs(
    folder: HonestyFolder,
    runs: Mapping[str, str],
    done: list[str],
    column: str,
    files: tuple[str, ...],
) -> pd.DataFrame:
    """Figures of the net in several runs, a row a run, level, rule and metric."""
    parts = {}
    for name, run in runs.items():
        if run in done:
            net = _net_of(folder.run(run))
            found = pd.concat([_pooled(_csv(folder.run(run) / file)) for file in files])
            parts[name] = found[found["model"] == net].drop(columns="model")
    return _stacked(parts, column)


def _net_of(run: Path) -> str:
    """The net's name in a run's tables: the first model of its levels."""
    return str(_csv(run / BIAS_FILE)["model"].iloc[0])


def _pooled(levels: pd.DataFrame) -> pd.DataFrame:
    if "fold" not in levels:
        return levels
    return levels[levels["fold"].astype(str) == POOLED].drop(columns="fold")


def _csv(path: Path, there: bool = True) -> pd.DataFrame:
    if not (there and path.is_file()):
        return _NOTHING
    return pd.read_csv(path, keep_default_na=False, na_values=[""], float_precision="round_trip")


def _stacked(parts: Mapping[str, pd.DataFrame], column: str) -> pd.DataFrame:
    full = {name: part for name, part in parts.items() if len(part)}
    if not full:
        return _NOTHING
    frames = [part.assign(**{column: name}) for name, part in full.items()]
    found = pd.concat(frames, ignore_index=True)
    return found[[column, *(name for name in found if name != column)]]
