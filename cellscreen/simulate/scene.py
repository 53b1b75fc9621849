"""What lies in a field: every cell with its true shape, drawn from the seed and the key."""

from __future__ import annotations

import dataclasses

import numpy as np
from scipy.special import ndtri

from cellscreen.simulate import shapes
from cellscreen.simulate.config import CellLine, CultureConfig
from cellscreen.simulate.layout import Field
from cellscreen.simulate.places import spread_places
from cellscreen.simulate.seeds import generator

MARGIN_UM = 12.0  # cells are placed this far beyond the rim, so that some are cut by it
_ALIGNMENT = 0.45  # radians by which a cell turns off its neighbours' direction


@dataclasses.dataclass(frozen=True)
class Dish:
    """What all fields of a well share, whatever was done to it."""

    cells: float
    nucleus: float
    reach: float
    background: float
    contrast: float
    direction: float
    granules: float
    debris: float


@dataclasses.dataclass(frozen=True)
class Scene:
    """The true content of a field, in px; arrays have a row per living cell."""

    centres: np.ndarray  # (cells, 2) float, x and y
    outlines: np.ndarray  # (cells, 80, 2) float, x and y
    nuclei: np.ndarray  # (cells, 28, 2) float, x and y
    conversion: np.ndarray  # (cells,) float in [0, 1]: how hypoxic the form is
    mitotic: np.ndarray  # (cells,) bool
    dead: np.ndarray  # (dead, 3) float: x, y, radius
    debris: np.ndarray  # (specks, 3) float: x, y, radius
    dish: Dish


def draw_dish(config: CultureConfig, field: Field) -> Dish:
    """Draws what the fields of a well share, independently of condition and compound.

    The wells of a plate share the range of each property out between them (a Latin hypercube), so
    that with twelve wells a condition cannot be the brighter or denser one by chance.
    """
    block = generator(config, "plate", field.plate, str(field.place // field.places))
    ranks = block.permuted(np.tile(np.arange(field.places), (7, 1)), axis=1)
    within = generator(config, "well", field.plate, field.well).random(8)
    shares = (ranks[:, field.place % field.places] + within[:7]) / field.places
    normal = ndtri(np.clip(shares, 0.005, 0.995))
    return Dish(
        cells=config.cells * np.exp(config.cells_sd_well * normal[0]),
        nucleus=np.exp(config.nucleus_sd_well * normal[1]),
        reach=np.exp(config.reach_sd_well * normal[2]),
        background=config.background + config.background_sd * normal[3],
        contrast=np.exp(config.contrast_sd * normal[4]),
        direction=np.pi * within[7],
        granules=config.granules * np.exp(0.3 * normal[5]),
        debris=config.debris * np.exp(0.5 * normal[6]),
    )


def draw_scene(config: CultureConfig, field: Field) -> Scene:
    """Draws the cells of a field: a pure function of the config, its seed and the field's key.

    The number of cells and their places are drawn before the condition matters, so that density
    tells nothing of hypoxia; only a toxic compound thins a culture.
    """
    line = next(line for line in config.lines if line.name == field.cell_line)
    dish, rng = draw_dish(config, field), generator(config, "field", field.key)
    wanted = dish.cells * np.exp(config.cells_sd_field * rng.standard_normal())
    inside = config.size_px * config.um_per_px
    expected = wanted * ((inside + 2 * MARGIN_UM) / inside) ** 2
    count = max(3, round(expected * (1 - config.toxic_loss * field.toxic)))
    margin = MARGIN_UM / config.um_per_px
    centres = spread_places(rng, count, -margin, config.size_px + margin)
    conversion, mitotic = _conversion(config, line, field, rng, count)
    outlines, axis = _cells(config, line, dish, rng, conversion, mitotic, centres)
    nuclei = _nuclei(config, line, dish, rng, conversion, mitotic, axis)
    dead = config.dead_cells + config.toxic_dead_cells * field.toxic
    return Scene(
        centres=centres,
        outlines=outlines + centres[:, None],
        nuclei=nuclei + centres[:, None],
        conversion=conversion,
        mitotic=mitotic,
        dead=_specks(rng, rng.poisson(dead), (4.0, 7.0), config),
        debris=_specks(rng, rng.poisson(dish.debris), (0.6, 2.0), config),
        dish=dish,
    )


def measures(config: CultureConfig, field: Field, scene: Scene) -> dict[str, float | int | str]:
    """Returns the oracle's row for a field: means over the living cells centred in it."""
    inside = np.all((scene.centres >= 0) & (scene.centres < config.size_px), axis=1)
    if not inside.any():
        inside[:] = True
    nuclear_area_px = float(shapes.areas(scene.nuclei[inside]).mean())
    return {
        "key": field.key,
        "cells": int(inside.sum()),
        "mitotic_cells": int(scene.mitotic[inside].sum()),
        "dead_cells": len(scene.dead),
        "nuclear_area_px": nuclear_area_px,
        "nuclear_area_um2": nuclear_area_px * config.um_per_px**2,
        "roundness": float(shapes.roundness(scene.outlines[inside]).mean()),
        "conversion": float(scene.conversion[inside].mean()),
    }


def _conversion(
    config: CultureConfig, line: CellLine, field: Field, rng: np.random.Generator, count: int
) -> tuple[np.ndarray, np.ndarray]:
    """Draws how hypoxic each cell looks, in [0, 1], and which cells divide."""
    fate = rng.random(count)
    log_time = np.log(line.conversion_hours) + line.conversion_spread * rng.standard_normal(count)
    log_time += config.conversion_sd_field * rng.standard_normal()
    log_time[fate < config.early_fraction] += np.log(0.4)
    log_time[fate > 1 - config.late_fraction] += np.log(2.5)
    stressed = np.where(rng.random(count) < config.stressed_fraction, 0.9, 0.0)
    mitotic = rng.random(count) < line.mitotic_fraction
    hypoxic = 1 / (1 + np.exp((log_time - np.log(field.hours)) / config.conversion_width))
    hypoxic *= (field.condition == "hypoxia") * (1 - field.protection)
    return np.maximum(hypoxic, stressed), mitotic


def _cells(
    config: CultureConfig,
    line: CellLine,
    dish: Dish,
    rng: np.random.Generator,
    conversion: np.ndarray,
    mitotic: np.ndarray,
    centres: np.ndarray,
) -> tuple[np.ndarray, np.ndarray]:
    """Returns outlines `(cells, 80, 2)` around the origin in px and long axes in radians."""
    count, most = len(conversion), max(line.poles)
    wave = np.sin(centres @ rng.normal(0, 2.0 / config.size_px, 2) + rng.uniform(0, 6.3))
    axis = dish.direction + 0.9 * wave + _ALIGNMENT * rng.standard_normal(count)
    poles = axis[:, None] + np.pi * np.arange(most) + 0.2 * rng.standard_normal((count, most))
    poles[:, 2:] += rng.uniform(0.8, 2.3, (count, 1))
    poles[np.arange(most) >= rng.choice(line.poles, count)[:, None]] = np.nan
    kept = 1 - config.rounding * conversion / config.difficulty
    kept = np.where(mitotic, 0.12, np.clip(kept, 0.1, 1))
    reach = np.exp(config.reach_sd_cell * rng.standard_normal((count, most)))
    reach = line.pole_reach * dish.reach * reach * kept[:, None]
    reach[:, 2:] *= 0.7
    ruffle = config.ruffle_sd * rng.standard_normal((count, 5, 2)) * np.sqrt(kept)[:, None, None]
    area = line.cell_area_um2 * np.exp(config.area_sd_cell * rng.standard_normal(count))
    area = np.where(mitotic, 0.5, 1.0) * area / config.um_per_px**2
    return shapes.outlines(poles, reach, ruffle, area), axis


def _nuclei(
    config: CultureConfig,
    line: CellLine,
    dish: Dish,
    rng: np.random.Generator,
    conversion: np.ndarray,
    mitotic: np.ndarray,
    axis: np.ndarray,
) -> np.ndarray:
    """Returns nuclei `(cells, 28, 2)` around the origin in px; a dividing cell's looks large."""
    count = len(conversion)
    growth = config.nucleus_growth * np.where(mitotic, 0.8, conversion / config.difficulty)
    area = np.exp(growth + config.nucleus_sd_cell * rng.standard_normal(count))
    area *= line.nucleus_area_um2 * dish.nucleus / config.um_per_px**2
    aspect = 1.08 + 0.35 * (1 - conversion) * rng.random(count)
    return shapes.ellipses(area, aspect, axis + 0.2 * rng.standard_normal(count))


def _specks(
    rng: np.random.Generator, count: int, radius_um: tuple[float, float], config: CultureConfig
) -> np.ndarray:
    """Draws `(count, 3)` places and radii in px."""
    places = rng.uniform(0, config.size_px, (count, 2))
    radii = rng.uniform(*radius_um, (count, 1)) / config.um_per_px
    return np.concatenate([places, radii], axis=1)
