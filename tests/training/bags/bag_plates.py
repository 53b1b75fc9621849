"""A tiny plate of compounds whose cells glow by their class, or by a look of their own."""

from __future__ import annotations

import csv
import itertools
from pathlib import Path

import cv2
import numpy as np

from cellscreen.cells.segment_config import SegmentConfig
from cellscreen.fitting.fit_config import FitConfig, LossConfig, MachineConfig, OptimizerConfig
from cellscreen.models.bag_config import BagNetConfig
from cellscreen.pipelines.bag_input import BagInput
from cellscreen.pipelines.fold_config import FoldConfig
from cellscreen.plates.table import read_plate_table
from cellscreen.records.build import build_plates
from cellscreen.records.record_config import CropConfig, RecordConfig
from cellscreen.training.bags.config import BagDataConfig, BagsConfig
from cellscreen.training.bags.inference_config import InferenceConfig

SIZE, RADIUS = 64, 6
CENTRES = [(14, 14), (48, 16), (16, 46), (46, 48)]
RECORDS = RecordConfig(
    segment=SegmentConfig(nuclei_channel="DNA", diameter_px=12.0), crops=CropConfig(crop_size=16)
)


def write_plate(folder: Path, looks, *, doses=(1.0, 10.0), sites=1, empty=()) -> Path:
    """Writes 8-bit fields of the channels DNA and ROS.

    Args:
        folder: gets the plate P1, images.csv and labels.csv.
        looks: by compound its label, and the levels of its cells: DNA, and ROS within and around.
        doses: a well each, in µM.
        sites: fields of a well.
        empty: wells without cells.
    """
    rows, well = [], 0
    for number, (compound, (_, *levels)) in enumerate(looks.items()):
        for dose in doses:
            name = f"{'ABCDEFGH'[well // 12]}{well % 12 + 1:02d}"
            well += 1
            for site in range(1, sites + 1):
                generator = np.random.default_rng([number, int(dose), site])
                cells = [] if name in empty else CENTRES
                places = [np.add(c, generator.integers(-2, 3, 2)).tolist() for c in cells]
                for channel, inner, outer in (("DNA", *levels[:1] * 2), ("ROS", *levels[1:])):
                    image = generator.normal(20, 2, (SIZE, SIZE))
                    for place in places:
                        disc = cv2.circle(np.zeros((SIZE, SIZE)), place, RADIUS, outer, -1)
                        image += cv2.circle(disc, place, RADIUS // 2, inner, -1)
                    path = folder / "P1" / f"{name}_{site}_{channel}.png"
                    path.parent.mkdir(parents=True, exist_ok=True)
                    cv2.imwrite(str(path), image.clip(0, 255).round().astype(np.uint8))
                    rows.append(
                        {
                            "path": path.relative_to(folder),
                            "plate": "P1",
                            "well": name,
                            "site": site,
                            "channel": channel,
                            "bit_depth": 8,
                            "pert_iname": compound,
                            "concentration_um": dose,
                            "series": "half" if number % 2 else "whole",
                        }
                    )
    _write(folder / "images.csv", rows)
    labels = [{"pert_iname": name, "label": label} for name, (label, *_) in looks.items()]
    _write(folder / "labels.csv", labels)
    return folder


def build(folder: Path, root: Path) -> Path:
    """Prepares the plate's bags; returns the root of the records."""
    build_plates(read_plate_table(folder), root, "hcs", "bags", config=RECORDS)
    return root


def toxic_looks(count: int) -> dict[str, tuple[str, int, int, int]]:
    """Compounds in turn toxic, and bright in ROS, and not."""
    return {
        f"c{n:02d}": ("toxic", 150, 170, 170) if n % 2 else ("nontoxic", 150, 40, 40)
        for n in range(count)
    }


def own_looks(seed: int) -> dict[str, tuple[str, int, int, int]]:
    """18 compounds whose looks say nothing of their labels, each unlike the others."""
    generator = np.random.default_rng(seed)
    labels = generator.permutation(["toxic", "nontoxic"] * 9).tolist()
    looks = itertools.product((120, 220), (30, 120, 220), (30, 120, 220))
    return {f"c{n:02d}": (labels[n], *levels) for n, levels in enumerate(looks)}


def tiny_config(data: BagDataConfig, **parts) -> BagsConfig:
    """A net and a fit of seconds, with dropout; parts replace those of the config."""
    said = {
        "folds_config": FoldConfig(fold_by="compound", folds=3),
        "bag_input": BagInput(bag_crops=3),
        "net_config": BagNetConfig(
            encoder="small",
            encoder_width=4,
            norm="group",
            norm_groups=2,
            embedding_units=8,
            heads=2,
            depth=1,
            mlp_units=8,
            set_dropout=0.1,
        ),
        "inference": InferenceConfig(sets=4),
        "loss_config": LossConfig(label_smoothing=0.05),
        "optimizer_config": OptimizerConfig(
            learning_rate=0.01, schedule="cosine", warmup_epochs=1.0, ema=0.5
        ),
        "fit": FitConfig(batch_size=4, epochs=12),
        "machine": MachineConfig(jit="off"),
    }
    return BagsConfig(data, **(said | parts))


def _write(path: Path, rows) -> None:
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
