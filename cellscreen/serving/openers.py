"""What tells the models of one trainer from another's when they score, and opens them."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from cellscreen.errors import ConfigError
from cellscreen.fitting.run_folder import CONFIG
from cellscreen.serving.bags.export_scorer import BagExportScorer
from cellscreen.serving.bags.scorer import BagRunScorer, BagScorer
from cellscreen.serving.cells.scorer import CellExportScorer, CellRunScorer, CellScorer
from cellscreen.serving.common.model_files import ASSETS, MODEL_FILE, versions
from cellscreen.serving.edges.export_scorer import ExportScorer
from cellscreen.serving.edges.run_scorer import RunScorer
from cellscreen.serving.edges.scorer import Scorer
from cellscreen.training.bags.config import BagsConfig
from cellscreen.training.bags.inference_config import InferenceConfig
from cellscreen.training.cells.config import CellsConfig
from cellscreen.training.configs import read_config
from cellscreen.training.edges.config import EdgesConfig

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


def open_model(path: str | Path, asked: Mapping[str, Any] | None = None) -> AnyScorer:
    """A run folder, an exported version's folder, or the folder of its versions (newest).

    Args:
        path: the folder.
        asked: what is not to be as in the run: of nets of bags fields of `InferenceConfig`, of nets
            of cells those of `CellDataConfig` about their table.

    Returns:
        What scores images with `edges.scoring.score_images`, bags with `bags.scoring.score_bags`,
        or cells with `cells.scoring.score_cells`; its `kind` says which.

    Raises:
        ConfigError: the path is none of these, or fields are asked for that the model has not.
    """
    path, asked = Path(path), asked or {}
    if (path / CONFIG).is_file():
        opener = OPENERS[read_config(path).TRAINER]
        opener.check(asked, path)
        return opener.of_run(path, asked)
    folder = [path, *versions(path)][-1]
    about = folder / ASSETS / MODEL_FILE
    if about.is_file():
        kind = json.loads(about.read_text(encoding="utf-8")).get("kind", EdgesConfig.TRAINER)
        opener = OPENERS[kind]
        opener.check(asked, path)
        return opener.of_export(folder, asked)
    raise ConfigError(
        "Expected a run folder (config.json) or an exported model (saved_model.pb with "
        "assets.extra/cellscreen.json).",
        file=path,
        fix="Give the --workdir of a training or the --output of `cellscreen export`.",
    )
