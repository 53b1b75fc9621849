"""What tells the models of one trainer from another's when they score: the table of `scoring`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from cellscreen.errors import ConfigError
from cellscreen.serving.bag_export_scorer import BagExportScorer
from cellscreen.serving.bag_scorer import BagRunScorer, BagScorer
from cellscreen.serving.cell_scorer import CellExportScorer, CellRunScorer, CellScorer
from cellscreen.serving.export_scorer import ExportScorer
from cellscreen.serving.run_scorer import RunScorer
from cellscreen.serving.scorer import Scorer
from cellscreen.training.bags_config import BagsConfig
from cellscreen.training.cells_config import CellsConfig
from cellscreen.training.config import EdgesConfig
from cellscreen.training.inference_config import InferenceConfig

AnyScorer = Scorer | BagScorer | CellScorer
Asked = Mapping[str, Any]
OF_CELLS = ("cell_table", "cell_table_columns", "cell_table_match")


@dataclass(frozen=True)
class Opener:
    """How models of one trainer are opened.

    Attributes:
        of_run: from a run folder and what is asked.
        of_export: from an exported version's folder and what is asked.
        asks: what may be asked to be other than in the run.
    """

    of_run: Callable[[Path, Asked], AnyScorer]
    of_export: Callable[[Path, Asked], AnyScorer]
    asks: tuple[str, ...] = ()

    def check(self, asked: Asked, path: Path) -> None:
        """Refuses what the model cannot be asked.

        Raises:
            ConfigError: something that it does not know.
        """
        unknown = [f"--{name}" for name in asked if name not in self.asks]
        if unknown:
            raise ConfigError(
                f"Expected no {', '.join(unknown)}: this model's trainer knows no such thing.",
                file=path,
            )


OPENERS: dict[str, Opener] = {
    EdgesConfig.TRAINER: Opener(
        lambda path, asked: RunScorer(path), lambda path, asked: ExportScorer(path)
    ),
    BagsConfig.TRAINER: Opener(
        BagRunScorer, BagExportScorer, tuple(field.name for field in fields(InferenceConfig))
    ),
    CellsConfig.TRAINER: Opener(CellRunScorer, CellExportScorer, OF_CELLS),
}
"""By the name of a trainer, which exported models call their kind."""
