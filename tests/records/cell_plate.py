"""A tiny plate of two channels with cells at known places, for records and pipelines."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pandas as pd

from cellscreen.cells.segment_config import SegmentConfig
from cellscreen.records.record_config import CropConfig, RecordConfig

SIZE, RADIUS = 96, 7
CENTRES = {
    ("A01", 1): [(20, 20), (60, 30), (40, 70)],
    ("A01", 2): [(48, 48)],
    ("A02", 1): [(30, 30), (70, 70)],
    ("A02", 2): [],
    ("B01", 1): [(25, 60), (60, 25), (75, 75), (20, 20)],
    ("B01", 2): [(50, 40), (15, 80)],
}
CONFIG = RecordConfig(
    segment=SegmentConfig(nuclei_channel="DNA", diameter_px=14.0),
    crops=CropConfig(crop_size=16),
    feature_groups=("shape", "levels"),
)


def write_cell_plate(folder: Path, plate: str = "P1") -> Path:
    """Writes 16-bit images: nuclei are discs in DNA, and twice as wide discs in ER."""
    rows = []
    for (well, site), centres in CENTRES.items():
        for channel, radius in (("DNA", RADIUS), ("ER", 2 * RADIUS)):
            generator = np.random.default_rng([ord(well[0]), int(well[1:]), site, radius])
            image = generator.normal(200, 5, (SIZE, SIZE))
            for number, centre in enumerate(centres):
                image += cv2.circle(np.zeros((SIZE, SIZE)), centre, radius, 3000 + 100 * number, -1)
            path = folder / plate / f"{well}_{site}_{channel}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            cv2.imwrite(str(path), image.round().astype(np.uint16))
            rows.append(
                {
                    "path": path.relative_to(folder),
                    "plate": plate,
                    "well": well,
                    "site": site,
                    "channel": channel,
                    "bit_depth": 16,
                    "pert_iname": {"A": "DMSO", "B": "drug"}[well[0]],
                    "dye": {"DNA": "Hoechst", "ER": "ConA"}[channel],
                }
            )
    listed = folder / "images.csv"
    before = [pd.read_csv(listed)] if listed.is_file() else []
    pd.concat([*before, pd.DataFrame(rows)]).to_csv(listed, index=False)
    return folder
