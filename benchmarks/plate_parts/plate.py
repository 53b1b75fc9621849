"""The plate that is measured: 9 sites, 3 channels of 1080², 24 drawn fields."""

from __future__ import annotations

import dataclasses

from cellscreen.simulate.hcs_assays import CARDIOTOX
from cellscreen.simulate.hcs_config import CONFIGS, HcsConfig

SITES, DRAWN, SIZE_PX, CROP_PX = 9, 24, 1080, 96


def plate_config(wells: int, cells_per_mm2: float) -> HcsConfig:
    """One plate of so many wells, of which some are controls."""
    usual = CONFIGS[CARDIOTOX]
    controls, positive = max(1, wells // 16), max(1, wells // 48)
    return dataclasses.replace(
        usual,
        assay=dataclasses.replace(usual.assay, cells_per_mm2=cells_per_mm2),
        compounds=wells - controls - positive,
        doses=1,
        replicates=1,
        control_wells=controls,
        poscon_wells=positive,
        sites=SITES,
        rendered_fields=min(DRAWN, wells * SITES),
        size_px=SIZE_PX,
    )
