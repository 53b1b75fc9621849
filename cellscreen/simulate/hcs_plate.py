"""Which wells and fields simulated plates have, and what is in each well."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Iterator

import numpy as np

from cellscreen.errors import ConfigError
from cellscreen.plates.export_rows import well_of
from cellscreen.plates.key import image_key
from cellscreen.simulate.hcs_compounds import HcsCompound, hcs_compounds, positive_control
from cellscreen.simulate.hcs_config import HcsConfig
from cellscreen.simulate.seeds import generator

Content = tuple[HcsCompound | None, float, str]  # compound (None for DMSO), µM, control type


@dataclasses.dataclass(frozen=True)
class HcsWell:
    """One well of one plate."""

    plate: str
    plate_map: str
    batch: str
    well: str
    row: int  # from 0
    column: int  # from 0
    compound: HcsCompound | None  # None for DMSO
    concentration_um: float  # NaN for DMSO
    control_type: str  # negcon, poscon or trt

    @property
    def affected_fraction(self) -> float:
        """The share of cells that the compound affects at this dose, in the mean."""
        if self.compound is None:
            return 0.0
        return self.compound.affected_fraction(self.concentration_um)


@dataclasses.dataclass(frozen=True)
class HcsField:
    """One field of a well; `number` counts the fields of a simulation from 0."""

    well: HcsWell
    site: int  # from 1
    number: int

    @property
    def key(self) -> str:
        """The key that joins records, scores and truth."""
        return image_key(self.well.plate, self.well.well, str(self.site))


def doses_um(config: HcsConfig) -> list[float]:
    """Returns the doses of each compound in µM, the highest first.

    Example:
        >>> doses_um(HcsConfig())
        [10.0, 3.33, 1.11, 0.37, 0.123, 0.0412]
    """
    assay = config.assay
    return [float(f"{assay.top_um / assay.dilution**step:.3g}") for step in range(config.doses)]


@functools.lru_cache(maxsize=8)
def hcs_wells(config: HcsConfig) -> tuple[HcsWell, ...]:
    """Returns every well, plate by plate and in the order of the wells on it."""
    prefix = f"SIM-{config.assay.code}-s{config.seed}"
    made: list[HcsWell] = []
    for layout in range(1, config.layouts + 1):
        for number, contents in enumerate(_plate_maps(config, layout), start=1):
            plate_map = f"{prefix}-L{layout}-M{number}"
            for copy in range(1, config.plates + 1):
                made += _plate(config, f"{plate_map}-P{copy}", plate_map, contents)
    return tuple(made)


def hcs_fields(config: HcsConfig) -> Iterator[HcsField]:
    """Yields every field in the order of plates, wells and sites."""
    number = 0
    for well in hcs_wells(config):
        for site in range(1, config.sites + 1):
            yield HcsField(well, site, number)
            number += 1


def _plate(
    config: HcsConfig, plate: str, plate_map: str, contents: dict[int, Content]
) -> Iterator[HcsWell]:
    columns = config.shape[1]
    for place in sorted(contents):
        compound, dose, control = contents[place]
        row, column = divmod(place, columns)
        yield HcsWell(
            plate=plate,
            plate_map=plate_map,
            batch=f"SIM-batch-{plate.rpartition('-P')[2]}",
            well=well_of(row + 1, column + 1),
            row=row,
            column=column,
            compound=compound,
            concentration_um=dose,
            control_type=control,
        )


def _plate_maps(config: HcsConfig, layout: int) -> list[dict[int, Content]]:
    """Deals all wells at random over as few plate maps as hold them, controls on each."""
    rng = generator(config, "layout", str(layout))
    treated: list[Content] = [
        (compound, dose, "trt")
        for compound in hcs_compounds(config)
        for dose in doses_um(config)
        for _ in range(config.replicates)
    ]
    treated = [treated[place] for place in rng.permutation(len(treated))]
    controls: list[Content] = [(None, float("nan"), "negcon")] * config.control_wells
    top = config.assay.top_um
    controls += [(positive_control(config), top, "poscon")] * config.poscon_wells
    room = config.plate_wells - len(controls)
    maps = -(-len(treated) // room)
    if maps > 999:
        raise ConfigError(f"Expected at most 999 plate maps, got {maps} for {len(treated)} wells.")
    return [_deal(config, rng, [*treated[number::maps], *controls]) for number in range(maps)]


def _deal(
    config: HcsConfig, rng: np.random.Generator, contents: list[Content]
) -> dict[int, Content]:
    places = rng.permutation(config.plate_wells)[: len(contents)]
    return {int(place): content for place, content in zip(places, contents, strict=True)}
