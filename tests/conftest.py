"""Fixtures that several rooms share: a small folder of images with an obvious phenotype."""

from __future__ import annotations

import importlib.util
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
    from cellscreen.fitting.fit_config import FitConfig, MachineConfig, OptimizerConfig
    from cellscreen.models.net_config import NetConfig
    from cellscreen.pipelines.edge_input import EdgeInput
    from cellscreen.pipelines.fold_config import FoldConfig
    from cellscreen.training.edges.config import DataConfig, EdgesConfig
    from cellscreen.training.edges.run import train_and_evaluate

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


@pytest.fixture(scope="session")
def cell_plate():
    """The module that writes a plate of cells; tests/records/cell_plate.py."""
    program = Path(__file__).parent / "records" / "cell_plate.py"
    spec = importlib.util.spec_from_file_location("cell_plate", program)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def toy_explanation(tmp_path: Path):
    """Returns a maker of `ExplainInput`s of 18 tiny wells whose net can be worked out by hand.

    Crops are 8×8 px of the channels DNA and ROS. An affected cell has ROS 200, others 20; DNA is
    100. The net's embedding is (DNA, ROS) / 255; it attends by softmax(20 · ROS), and its score of
    `toxic` is the attended mean of ROS. Compound D is labelled toxic and has no affected cell.
    """
    return lambda **changes: _toy_explanation(tmp_path / "explained", **changes)


def _toy_explanation(output: Path, **changes):
    from cellscreen.explain.explain_config import ExplainConfig
    from cellscreen.explain.explain_input import ExplainInput
    from cellscreen.explain.fold_net import FoldNet
    from cellscreen.explain.fold_scores import fold_scores

    bags, fields, crops, affected = _toy_wells()
    index = _toy_index(bags, fields, crops)
    net = FoldNet(_toy_embed, _toy_ask)
    rows = []
    for row in range(len(bags)):
        embeddings = net.embed(index.read_crops(row))
        toxic = net.ask(embeddings[None], np.ones((1, 8), bool))["answer"][0, 1]
        known = {"key": bags["key"][row], "fold": int(bags["fold"][row])}
        rows.append(
            known | {"p_safe": 1 - toxic, "p_toxic": toxic, "sd_safe": 0.01, "sd_toxic": 0.01}
        )
    said = bags.drop(columns=["fold", "label", "group", "trained"])
    scores = fold_scores(pd.DataFrame(rows), said, "tox", ("safe", "toxic"), "toy", "well")
    found = {
        "run": "toy",
        "task": "tox",
        "classes": ("safe", "toxic"),
        "index": index,
        "manifest": bags,
        "fields": fields.assign(affected=affected),
        "net": lambda fold: net,
        "scores": scores,
        "set_crops": 4,
        "output": output,
        "config": ExplainConfig(explain_draws=200, deletion_draws=5, attention_sets=20),
    }
    return ExplainInput(**(found | changes))


def _toy_wells():
    """Bags, their fields (one each), crops `(8, 8, 8, 2)`, and which cells are affected."""
    wells = [
        (compound, dose, "trt", label, fold)
        for compound, label, fold in (("A", 1, 0), ("B", 1, 1), ("C", 0, 0), ("D", 1, 1))
        for dose in (0.1, 10.0)
        for _ in range(2)
    ] + [("DMSO", np.nan, "negcon", -1, fold) for fold in (0, 1)]
    bags, fields, crops, affected = [], [], [], []
    for number, (compound, dose, control, label, fold) in enumerate(wells):
        well = f"{'AB'[number // 12]}{number % 12 + 1:02d}"
        said = {
            "Metadata_Plate": "P1",
            "Metadata_Well": well,
            "Metadata_Site": "1",
            "Metadata_pert_iname": compound,
            "Metadata_concentration_um": dose,
            "Metadata_control_type": control,
            "Metadata_simulated": True,
        }
        changed = np.arange(8) < (3 if compound in "AB" and dose > 1 else 0)
        pixels = np.empty((8, 8, 8, 2), np.uint8)
        pixels[..., 0] = 100
        # Every cell differs a little, so that attention has an order.
        pixels[..., 1] = (np.where(changed, 200, 20) + np.arange(8))[:, None, None]
        group = compound if label >= 0 else f"P1/{well}"
        folds = {"group": group, "fold": fold, "label": label, "trained": label >= 0}
        bags.append({"key": f"P1/{well}", "cells": 8, "n_fields": 1, **folds, **said})
        centres = np.stack([np.arange(8) % 4 * 10 + 8.0, np.arange(8) // 4 * 12 + 8.0], axis=1)
        places = {"centres": centres, "object_ids": np.arange(1, 9), "height": 32, "width": 48}
        fields.append({"key": f"P1/{well}/1", **said, **places})
        crops.append(pixels)
        affected.append(changed)
    return pd.DataFrame(bags), pd.DataFrame(fields), crops, affected


def _toy_index(bags, fields, crops):
    from cellscreen.pipelines.bag_index import BagIndex

    class Index(BagIndex):
        def read_crops(self, bag, at=None):
            return crops[bag] if at is None else crops[bag][at]

    places = pd.DataFrame(
        {"cells": 8, "low": [[0, 0]] * len(bags), "high": [[255, 255]] * len(bags)}
    )
    of_bag = tuple(np.array([row]) for row in range(len(bags)))
    known = bags.drop(columns=["fold", "label", "group", "trained"])
    return Index(known, places, of_bag, 8, ("DNA", "ROS"))


def _toy_embed(crops):
    return crops.mean(axis=(1, 2)).astype(np.float32) / 255


def _toy_ask(embeddings, mask):
    ros = embeddings[..., 1]
    weights = np.where(mask, np.exp(20 * ros), 0)
    attention = weights / weights.sum(axis=1, keepdims=True)
    toxic = (attention * ros).sum(axis=1)
    mean = (attention[..., None] * embeddings).sum(axis=1)
    return {
        "answer": np.stack([1 - toxic, toxic], axis=1).astype(np.float32),
        "attention": attention.astype(np.float32),
        "rollout": attention.astype(np.float32),
        # One head attends as the gate does; the CLS token keeps half of what the other gives.
        "layers": np.stack([attention, attention / 2], axis=1)[:, None].astype(np.float32),
        "embedding": mean.astype(np.float32),
    }
