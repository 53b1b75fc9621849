"""What differs between plates, positions and wells for no biological reason."""

from __future__ import annotations

import dataclasses

import numpy as np

from cellscreen.simulate.hcs_config import HcsConfig
from cellscreen.simulate.hcs_plate import HcsField
from cellscreen.simulate.seeds import generator


@dataclasses.dataclass(frozen=True)
class Nuisance:
    """The unevenness of one field."""

    gains: np.ndarray  # (channels,) factors of the stains
    glows: np.ndarray  # (channels,) factors of the background
    density: float  # factor of the number of cells
    unfocused_um: float  # SD of a blur; 0 where the field is in focus


def nuisance(config: HcsConfig, field: HcsField) -> Nuisance:
    """Draws a field's unevenness: of its plate, its position, its well and itself.

    Positions do the same on every plate and in every layout, so that a net can learn a well's
    place; they know nothing of what is in the well.
    """
    channels, well = len(config.assay.channels), field.well
    plate = generator(config, "plate", well.plate)
    log_gains = config.batch_sd * plate.standard_normal(channels)
    log_density = config.batch_density_sd * plate.standard_normal()
    glow = 0.10 * plate.standard_normal(channels)
    steady = generator(config, "well", well.plate, well.well)
    log_gains += config.well_sd * steady.standard_normal(channels)
    log_density += config.well_density_sd * steady.standard_normal()
    here = generator(config, "field nuisance", field.key)
    log_gains += config.field_sd * here.standard_normal(channels)
    log_density += config.field_density_sd * here.standard_normal()
    position = _position(config, well.row, well.column)
    focus = here.random()
    if well.compound is not None and well.compound.autofluorescent:
        share = well.concentration_um / config.assay.top_um
        glow[_bluest(config)] += np.log1p(config.effects.glow * share)
    return Nuisance(
        gains=np.exp(log_gains + position[:-1]),
        glows=np.exp(glow),
        density=float(np.exp(log_density + position[-1])),
        unfocused_um=config.unfocused_um if focus < config.unfocused else 0.0,
    )


def _position(config: HcsConfig, row: int, column: int) -> np.ndarray:
    """Returns the `(channels + 1,)` logs of a position's gains and, last, of its density."""
    rng = generator(config, "position")
    count = len(config.assay.channels) + 1
    slopes = config.position_sd * rng.standard_normal((count, 2))
    rows, columns = config.shape
    place = np.array([2 * row / (rows - 1) - 1, 2 * column / (columns - 1) - 1])
    logs = slopes @ place
    if row in (0, rows - 1) or column in (0, columns - 1):
        logs += np.append(np.full(count - 1, config.edge / 2), -config.edge)
    return logs


def _bluest(config: HcsConfig) -> int:
    """Most compounds that glow do so under the shortest wavelengths."""
    waves = [channel.excitation_nm for channel in config.assay.channels]
    return int(np.argmin(waves))
