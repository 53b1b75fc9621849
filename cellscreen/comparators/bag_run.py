"""A run of bags, as comparators need it: its config, folds and bags."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from cellscreen.comparators.answers import run_manifest
from cellscreen.errors import ConfigError, DataError
from cellscreen.judging.levels import levels_of
from cellscreen.pipelines.bag_index import BagIndex, index_bags
from cellscreen.pipelines.bag_memory import keep_in_memory
from cellscreen.pipelines.cell_table import read_cell_table
from cellscreen.pipelines.records import prepared_plates
from cellscreen.plates.columns import SIMULATED
from cellscreen.training.bags.config import BagsConfig
from cellscreen.training.configs import read_config


@dataclass(frozen=True)
class BagRun:
    """A run of bags that comparators are trained beside.

    Attributes:
        config: of the run, resolved.
        manifest: its folds, a row a bag.
    """

    config: BagsConfig
    manifest: pd.DataFrame

    @property
    def classes(self) -> tuple[str, ...]:
        """Names of its classes."""
        return self.config.data.classes

    @property
    def simulated(self) -> bool:
        """Whether any of its images is simulated."""
        said = self.manifest.get(SIMULATED, pd.Series(dtype=str))
        return bool(said.astype(str).str.lower().eq("true").any())

    @property
    def levels(self) -> tuple[str, ...]:
        """The levels that its metadata allow figures at."""
        return tuple(levels_of(self.manifest, self.config.bag_input.bag_unit))

    def cells(self) -> pd.DataFrame:
        """The features of all cells of its plates.

        Raises:
            RecordError: there are no records of the kind `cells`, or they are damaged.
        """
        data = self.config.data
        return read_cell_table(prepared_plates(data.data_dir, data.dataset, "cells"))

    def index(self) -> BagIndex:
        """The bags of its manifest, row for row.

        Raises:
            DataError: the records hold other bags than the run's.
        """
        plates = prepared_plates(self.config.data.data_dir, self.config.data.dataset, "bags")
        index = index_bags(plates, self.config.bag_input.bag_unit)
        index = index.selected(index.bags["key"].isin(set(self.manifest["key"])).to_numpy())
        if list(index.bags["key"]) != list(self.manifest["key"]):
            raise DataError(
                f"Expected the {len(self.manifest)} bags of the run; the records have "
                f"{len(index.bags)} of them, or in another order.",
                file=self.config.data.data_dir,
                fix="Give the records that the run was trained on.",
            )
        return keep_in_memory(index)


def read_bag_run(workdir: str | Path) -> BagRun:
    """Reads what comparators need of a run.

    Raises:
        ConfigError: it is no run of bags, or one whose question has no classes.

    Example:
        >>> read_bag_run("runs/mid").classes  # doctest: +SKIP
        ('nontoxic', 'toxic')
    """
    config = read_config(Path(workdir))
    if not isinstance(config, BagsConfig) or config.data.target != "classes":
        raise ConfigError(
            "Expected a run of train-bags with --target=classes, which comparators are for.",
            file=workdir,
        )
    return BagRun(config, run_manifest(workdir))
