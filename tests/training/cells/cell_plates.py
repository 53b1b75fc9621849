"""Tiny plates of compounds whose cells differ by size and glow; their records hold flows."""

from __future__ import annotations

import csv
from pathlib import Path

import cv2
import numpy as np

from cellscreen.cells.segment_config import SegmentConfig
from cellscreen.fitting.fit_config import FitConfig, LossConfig, MachineConfig, OptimizerConfig
from cellscreen.models.cell_config import CellNetConfig
from cellscreen.pipelines.cell_input import CellInput
from cellscreen.pipelines.fold_config import FoldConfig
from cellscreen.plates.table import read_plate_table
from cellscreen.records.build import build_plates
from cellscreen.records.record_config import FROM_LABELS, RecordConfig
from cellscreen.training.cells.config import CellDataConfig, CellsConfig

SIZE = 64
CENTRES = [(14, 14), (48, 16), (16, 46), (46, 48)]
RECORDS = RecordConfig(
    segment=SegmentConfig(nuclei_channel="DNA", diameter_px=12.0),
    feature_groups=("shape", "levels"),
    flows=FROM_LABELS,
)
FEATURES = (
    "Nuclei_AreaShape_Area",
    "Nuclei_AreaShape_Eccentricity",
    "Nuclei_Intensity_MeanIntensity_RNA",
)
# By compound the radius of its cells, px, their glow in RNA, and its target.
LOOKS = {
    "DMSO": (5, 60, ""),
    "FK-866": (8, 60, "NAMPT"),
    "AMG-900": (5, 200, "AURKA|AURKB"),
}


def write_plates(folder: Path, looks=LOOKS, *, plates=("P1", "P2"), wells=2, sites=2) -> Path:
    """Writes 8-bit fields of DNA and RNA; every plate has the same layout.

    Args:
        folder: gets the plates and images.csv.
        looks: by compound radius, glow and target of its cells.
        plates: names.
        wells: of a compound on a plate.
        sites: fields of a well.
    """
    rows = []
    for plate in plates:
        for number in range(wells * len(looks)):
            compound = list(looks)[number % len(looks)]
            well = f"{'ABCDEFGH'[number // 12]}{number % 12 + 1:02d}"
            for site in range(1, sites + 1):
                for channel, path in _fields(folder, plate, well, site, looks[compound]):
                    rows.append(
                        {
                            "path": path.relative_to(folder),
                            "plate": plate,
                            "well": well,
                            "site": site,
                            "channel": channel,
                            "bit_depth": 8,
                            "pert_iname": compound,
                            "control_type": "negcon" if compound == "DMSO" else "trt",
                            "target": looks[compound][2],
                            "broad_sample": "" if compound == "DMSO" else f"{compound}-{plate}",
                            "plate_map": "map-1",
                        }
                    )
    with (folder / "images.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return folder


def build(folder: Path, root: Path, config: RecordConfig = RECORDS) -> Path:
    """Prepares the plates' cells; returns the root of the records."""
    build_plates(read_plate_table(folder), root, "hcs", "cells", config=config)
    return root


def tiny_config(root: Path | str, data=None, **parts) -> CellsConfig:
    """A net and a fit of seconds, with dropout; data and parts replace those of the config."""
    said = {
        "folds_config": FoldConfig(fold_mode="holdout", fold_by="plate", holdout_share=0.5),
        "cell_input": CellInput(cell_size=16),
        "net_config": CellNetConfig(
            branches=("mask", "flow"),
            table_features=FEATURES,
            cell_backbone="plain",
            cell_width=4,
            plain_stages=2,
            table_units=8,
            table_dropout=0.1,
            fusion="gate",
            fusion_units=8,
            projection_units=8,
        ),
        "loss_config": LossConfig(label_smoothing=0.05),
        "optimizer_config": OptimizerConfig(learning_rate=0.01, schedule="constant"),
        "fit": FitConfig(batch_size=8, epochs=4),
        "machine": MachineConfig(jit="off"),
    }
    wanted = {"data_dir": str(root), "dataset": "hcs"} | (data or {})
    return CellsConfig(CellDataConfig(**wanted), **(said | parts))


def _fields(folder, plate, well, site, look):
    """Writes the planes of a field; yields channel and path."""
    radius, glow, _ = look
    seed = [len(plate), ord(plate[-1]), ord(well[0]), int(well[1:]), site]
    generator = np.random.default_rng(seed)
    planes = {name: generator.normal(20, 2, (SIZE, SIZE)) for name in ("DNA", "RNA")}
    for centre in CENTRES:
        place = np.add(centre, generator.integers(-2, 3, 2)).tolist()
        axes = (radius + int(generator.integers(0, 2)), radius)
        for name, level in (("DNA", 150), ("RNA", glow)):
            level = level + int(generator.integers(-8, 9))
            disc = np.zeros((SIZE, SIZE))
            planes[name] += cv2.ellipse(disc, place, axes, 30.0, 0, 360, level, -1)
    for name, image in planes.items():
        path = folder / plate / f"{well}_{site}_{name}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        cv2.imwrite(str(path), image.clip(0, 255).round().astype(np.uint8))
        yield name, path
