"""All comparators of one run: trained on its folds, kept in a folder, put into one table."""

from __future__ import annotations

import dataclasses
import hashlib
import logging
from pathlib import Path

import pandas as pd

from cellscreen.atomic import write_text
from cellscreen.comparators.answers import read_answers, write_answers
from cellscreen.comparators.bag_run import read_bag_run
from cellscreen.comparators.claimed import claim_config
from cellscreen.comparators.config import CROP_NET, ComparatorConfig
from cellscreen.comparators.crop_net import CropNet
from cellscreen.comparators.crop_profiles import crop_net_answers
from cellscreen.comparators.tabular import tabular_answers
from cellscreen.errors import ConfigError
from cellscreen.fitting import run_folder
from cellscreen.fitting.fit_config import UNWATCHED, Watch

LOGGER = logging.getLogger(__name__)
FOLDS = "folds.sha256"


def comparator_answers(
    workdir: str | Path,
    output: str | Path,
    config: ComparatorConfig,
    cells: pd.DataFrame | None = None,
    watch: Watch = UNWATCHED,
) -> dict[str, pd.DataFrame]:
    """Trains the comparators of a run on its folds, or reads those that are finished.

    Args:
        workdir: of the run; its folds must stand, its nets need not be trained.
        output: folder of the answers, a file a comparator; new, or of the same run and config.
        config: which comparators, and how.
        cells: features a cell; None reads the run's records of the kind `cells`.
        watch: how fits are watched and saved.

    Returns:
        By name `key, group, fold, label, p_<class>…`.

    Raises:
        ConfigError: no run of bags with classes, or the folder is of another run or config.
        DataError: cells or bags are not those of the run.
        RecordError: records are missing or damaged.

    Example:
        >>> comparator_answers("runs/mid", "comparators", ComparatorConfig())  # doctest: +SKIP
    """
    run, output = read_bag_run(workdir), Path(output)
    _claim(output, config, run.manifest)
    wanted = [name for name in config.comparators if not _path(output, name).is_file()]
    plain = tuple(name for name in wanted if name != CROP_NET)
    if plain:
        table = run.cells() if cells is None else cells
        chosen = dataclasses.replace(config, comparators=plain)
        seed = run.config.fit.seed
        found = tabular_answers(table, run.manifest, run.classes, chosen, seed)
        for name, answers in found.items():
            write_answers(answers, _path(output, name))
    if CROP_NET in wanted:
        machine = dataclasses.replace(run.config.machine, jit="off")
        index = run.index()
        net = CropNet(index, run.manifest, config, run.config.fit.seed, machine)
        answers = crop_net_answers(net, run.classes, output / CROP_NET, watch)
        write_answers(answers, _path(output, CROP_NET))
        index.release()
    paths = {name: _path(output, name) for name in config.comparators}
    return {name: read_answers(path) for name, path in paths.items() if path.is_file()}


def _path(output: Path, name: str) -> Path:
    return output / f"{name}.csv"


def _claim(output: Path, config: ComparatorConfig, manifest: pd.DataFrame) -> None:
    """Makes the folder this run's and config's, or checks that it is."""
    decisive = manifest[["key", "group", "fold", "label", "trained"]].to_csv(index=False)
    digest = hashlib.sha256(decisive.encode()).hexdigest()
    claim_config(output / run_folder.CONFIG, config, "comparators")
    folds = output / FOLDS
    if folds.is_file() and folds.read_text(encoding="utf-8").strip() != digest:
        text = "This folder holds comparators of other folds or labels."
        raise ConfigError(text, file=output, fix="Give another --output.")
    write_text(folds, digest + "\n")
