"""Fixtures that several rooms share: a small folder of images with an obvious phenotype."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pandas as pd
import pytest


def write_cultures(folder: Path, *, wells: int = 6, sites: int = 2, size: int = 128) -> Path:
    """Plates with small (normoxia) and large (hypoxia) discs, and an images.csv."""
    generator = np.random.default_rng(0)
    rows = []
    for condition, radius in (("normoxia", 8), ("hypoxia", 18)):
        for well in range(1, wells + 1):
            for site in range(1, sites + 1):
                image = np.full((size, size), 100, np.uint8)
                for _ in range(4):
                    centre = tuple(int(c) for c in generator.integers(20, size - 20, 2))
                    cv2.circle(image, centre, radius, 180, -1)
                path = folder / f"AC16_{condition}" / f"A{well:02d}_{site}.png"
                path.parent.mkdir(parents=True, exist_ok=True)
                cv2.imwrite(str(path), image)
                rows.append(
                    {
                        "path": path.relative_to(folder),
                        "plate": f"AC16_{condition}",
                        "well": f"A{well:02d}",
                        "site": site,
                        "cell_line": "AC16",
                        "condition": condition,
                        "hours": 48,
                        "batch": "b1",
                        "operator": "ann",
                    }
                )
    pd.DataFrame(rows).to_csv(folder / "images.csv", index=False)
    return folder


@pytest.fixture(scope="session")
def cultures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of 24 images of two plates."""
    return write_cultures(tmp_path_factory.mktemp("cultures"))


@pytest.fixture(scope="session")
def records(cultures: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same, prepared as edge records."""
    from cellscreen.plates.table import read_plate_table
    from cellscreen.records.build import build_plates

    root = tmp_path_factory.mktemp("records")
    build_plates(read_plate_table(cultures), root, "hypoxia")
    return root


@pytest.fixture(scope="session")
def run(records: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished run folder of a small plain net in three folds."""
    from cellscreen.models.net_config import NetConfig
    from cellscreen.pipelines.edge_input import EdgeInput
    from cellscreen.pipelines.fold_config import FoldConfig
    from cellscreen.training.config import DataConfig, EdgesConfig
    from cellscreen.training.edges import train_and_evaluate
    from cellscreen.training.fit_config import FitConfig, MachineConfig, OptimizerConfig

    config = EdgesConfig(
        DataConfig(data_dir=str(records)),
        FoldConfig(folds=3),
        edge_input=EdgeInput(input_size=32, reduce_factor=2),
        net_config=NetConfig(net="plain", stem_width=4, dense_units=8, bn_momentum=0.8),
        optimizer_config=OptimizerConfig(learning_rate=0.01, decay=0.8),
        fit=FitConfig(batch_size=4, epochs=12),
        machine=MachineConfig(jit="off"),
    )
    workdir = tmp_path_factory.mktemp("runs") / "run"
    train_and_evaluate(config, workdir)
    return workdir
