"""What a reader with the true masks would measure: the ceiling that methods are seen against.

The oracle knows which pixel belongs to which cell, and nothing of what was done to it. It shows
that an effect is in the pixels, and that it is absent where it must be.
"""

from __future__ import annotations

import math

import numpy as np
import pandas as pd

from cellscreen.simulate.hcs_assays import CARDIOTOX, TRANSLOCATION
from cellscreen.simulate.hcs_cells import draw_hcs_scene
from cellscreen.simulate.hcs_config import HcsConfig
from cellscreen.simulate.hcs_effects import AXES
from cellscreen.simulate.hcs_maps import draw_maps
from cellscreen.simulate.hcs_plate import HcsField, HcsWell
from cellscreen.simulate.hcs_render import OFFSET, render_hcs_field, vignette

_AXES = {"DNA": "dna", "Mito": "mito", "MMP": "mito", "AGP": "agp", "RNA": "rna", "ER": "er"}
_AXES |= {"ROS": "ros"}
EFFECT = "effect"


def measure_cells(config: HcsConfig, field: HcsField) -> pd.DataFrame:
    """Measures every living cell of a rendered field within its true mask.

    Args:
        config: the simulation.
        field: which field; its images are drawn for this.

    Returns:
        A row a cell: `cell` (its label), `affected`, the mean light of each channel above the
        background in its cytoplasm (`cytoplasm_<channel>`) and nucleus (`nucleus_<channel>`), in
        gray levels, NaN where it has no such pixel, and both areas in µm².
    """
    scene = draw_hcs_scene(config, field)
    maps = draw_maps(scene, config.size_px, config.assay.um_per_px)
    images = render_hcs_field(config, field, scene, maps)
    cytoplasm = np.where(maps.nuclei > 0, 0, maps.cells)
    seen = np.unique(maps.nuclei)[1:]
    px2 = config.assay.um_per_px**2
    columns: dict[str, object] = {"cell": seen, "affected": scene.affected[seen - 1]}
    for part, labels in (("cytoplasm", cytoplasm), ("nucleus", maps.nuclei)):
        area = np.bincount(labels.ravel(), minlength=len(scene.centres) + 1)[seen]
        columns[f"{part}_area_um2"] = area * px2
        for number, channel in enumerate(config.assay.channels):
            light = images[number] * (65536 / (config.sensor_max + 1)) - OFFSET
            light = light / vignette(config, number) - (channel.background - OFFSET)
            sums = np.bincount(labels.ravel(), light.ravel(), len(scene.centres) + 1)[seen]
            mean = np.divide(sums, area, where=area > 0, out=np.full(len(seen), math.nan))
            columns[f"{part}_{channel.name}"] = mean
    return pd.DataFrame(columns)


def effect_of_cells(config: HcsConfig, cells: pd.DataFrame, well: HcsWell) -> pd.Series:
    """Returns the effect feature of each cell, a log that grows with what the assay looks for.

    cardiotox: ROS over MMP. translocation: nuclear over cytoplasmic GFP. cell_painting: the logs of
    the stains along the true change of the well's compound, or 0 where it has none.
    """
    names = [channel.name for channel in config.assay.channels]
    part = {name: "nucleus" if name == "DNA" else "cytoplasm" for name in names}
    logs = {name: _log(cells[f"{part[name]}_{name}"]) for name in names}
    if config.assay.name == CARDIOTOX:
        return (logs["ROS"] - logs["MMP"]).rename(EFFECT)
    if config.assay.name == TRANSLOCATION:
        return (_log(cells["nucleus_GFP"]) - logs["GFP"]).rename(EFFECT)
    change = dict(zip(AXES, well.compound.change, strict=True)) if well.compound else {}
    weighted = [logs[name] * change.get(_AXES[name], 0.0) for name in names]
    return pd.concat(weighted, axis=1).sum(axis=1, skipna=False).rename(EFFECT)


def well_effect(config: HcsConfig, fields: list[HcsField]) -> float:
    """Returns the mean effect feature over the cells of a well's fields, NaN without cells."""
    parts = [effect_of_cells(config, measure_cells(config, field), field.well) for field in fields]
    return float(pd.concat(parts).mean())


def _log(values: pd.Series) -> pd.Series:
    return np.log(values.clip(lower=1.0))
