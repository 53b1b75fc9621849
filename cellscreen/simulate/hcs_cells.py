"""The cells of a fluorescence field: where each lies, its true shape, and what was done to it."""

from __future__ import annotations

import dataclasses

import numpy as np

from cellscreen.simulate import shapes
from cellscreen.simulate.hcs_config import HcsConfig
from cellscreen.simulate.hcs_effects import AXES
from cellscreen.simulate.hcs_nuisance import Nuisance, nuisance
from cellscreen.simulate.hcs_plate import HcsField, HcsWell
from cellscreen.simulate.places import spread_places
from cellscreen.simulate.seeds import generator

MARGIN_UM = 15.0  # cells are placed this far beyond the rim, so that some are cut by it
_RUFFLE = 0.05  # unevenness of a cell's rim
_AXIS = {name: place for place, name in enumerate(AXES)}


@dataclasses.dataclass(frozen=True)
class HcsScene:
    """The true content of a field in px, pixel centres at whole numbers; a row a cell."""

    centres: np.ndarray  # (cells, 2) float, x and y of the nucleus
    outlines: np.ndarray  # (cells, 80, 2) float, x and y
    nuclei: np.ndarray  # (cells, 28, 2) float, x and y
    levels: np.ndarray  # (cells, axes) float: the cell against a median one, along AXES
    shared: np.ndarray  # (cells,) float: log of what all its stains have in common
    affected: np.ndarray  # (cells,) bool: changed by the compound
    severity: np.ndarray  # (cells,) float: how much of the compound's change it shows
    dead: np.ndarray  # (cells,) bool: a round remain
    mitotic: np.ndarray  # (cells,) bool
    silent: np.ndarray  # (cells,) bool: hardly expresses the reporter
    reporter_ratio: np.ndarray  # (cells,) float: its nuclear over its cytoplasmic concentration
    debris: np.ndarray  # (specks, 3) float: x, y, radius
    nuisance: Nuisance

    def level(self, axis: str) -> np.ndarray:
        """Returns the `(cells,)` levels along one axis."""
        return self.levels[:, _AXIS[axis]]

    def inside(self, size_px: int) -> np.ndarray:
        """Returns which cells have their centre in the field, `(cells,)` bool."""
        return np.all((self.centres > -0.5) & (self.centres < size_px - 0.5), axis=1)


def draw_hcs_scene(config: HcsConfig, field: HcsField) -> HcsScene:
    """Draws the cells of a field: a pure function of the config and the field's key.

    Number, places and shapes of the cells are drawn before the compound matters, so that density
    tells of it only by the cells that it kills.
    """
    rng, uneven = generator(config, "field", field.key), nuisance(config, field)
    margin = MARGIN_UM / config.assay.um_per_px
    area_mm2 = ((config.size_px + 2 * margin) * config.assay.um_per_px / 1000) ** 2
    count = max(1, rng.poisson(config.assay.cells_per_mm2 * area_mm2 * uneven.density))
    centres = spread_places(rng, count, -margin, config.size_px + margin)
    levels = rng.standard_normal((count, len(AXES))) * config.cell_sd.array()
    mitotic, silent = rng.random((2, count)) < [[config.mitotic], [config.reporter_silent]]
    fates, shared = rng.random((3, count)), config.stain_sd * rng.standard_normal(count)
    severity = np.exp(config.effects.severity_sd * rng.standard_normal(count))
    affected, dead, change = _treated(config, field.well, fates, severity)
    levels += change
    outlines, nuclei = _polygons(config, rng, levels, mitotic)
    field_mm2 = (config.size_px * config.assay.um_per_px / 1000) ** 2
    specks = rng.poisson(config.debris_per_mm2 * field_mm2)
    debris = rng.uniform([0, 0, 0.6], [config.size_px, config.size_px, 1.8], (specks, 3))
    debris[:, 2] /= config.assay.um_per_px
    return HcsScene(
        centres=centres,
        outlines=outlines + centres[:, None],
        nuclei=nuclei + centres[:, None],
        levels=levels,
        shared=shared,
        affected=affected,
        severity=np.where(affected, severity, 0.0),
        dead=dead,
        mitotic=mitotic & ~dead,
        silent=silent,
        reporter_ratio=config.reporter_ratio * np.exp(levels[:, _AXIS["reporter"]]),
        debris=debris,
        nuisance=uneven,
    )


def _treated(
    config: HcsConfig, well: HcsWell, fates: np.ndarray, severity: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Returns which cells are affected, which dead, and the `(cells, axes)` changes."""
    chance, death, stress = fates
    affected = chance < well.affected_fraction
    stressed = (stress < config.effects.stressed) & ~affected
    dead = death < config.dead
    change = np.outer(stressed * severity, config.assay.stressed.array())
    if well.compound is not None:
        change += np.outer(affected * severity, well.compound.change)
        dead |= affected & (death > 1 - well.compound.killed)
    return affected, dead, change


def _polygons(
    config: HcsConfig, rng: np.random.Generator, levels: np.ndarray, mitotic: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Returns outlines `(cells, 80, 2)` and nuclei `(cells, 28, 2)` around the origin in px."""
    assay, count = config.assay, len(levels)
    level = {name: levels[:, place] for name, place in _AXIS.items()}
    most = max(assay.poles)
    axis = rng.uniform(0, 2 * np.pi, count)
    poles = axis[:, None] + 2 * np.pi / most * np.arange(most)
    poles += 0.35 * rng.standard_normal((count, most))
    poles[np.arange(most) >= rng.choice(assay.poles, count)[:, None]] = np.nan
    kept = np.clip(1 - level["rounding"], 0.05, 1.2)
    kept[mitotic] = 0.1
    reach = assay.pole_reach * np.exp(0.3 * rng.standard_normal((count, most))) * kept[:, None]
    ruffle = _RUFFLE * rng.standard_normal((count, 5, 2)) * np.sqrt(kept)[:, None, None]
    px2 = assay.um_per_px**2
    area = assay.cell_area_um2 / px2 * np.exp(level["cell_area"]) * np.where(mitotic, 0.5, 1)
    nucleus = assay.nucleus_area_um2 / px2 * np.exp(level["nucleus_area"])
    aspect = 1.08 + 0.60 * rng.random(count) * np.clip(kept, 0, 1)
    aspect = np.where(mitotic, 2.2, aspect)
    nuclei = shapes.ellipses(nucleus * np.where(mitotic, 0.7, 1), aspect, axis)
    return shapes.outlines(poles, reach, ruffle, area), nuclei
