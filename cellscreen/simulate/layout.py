"""Which fields a simulation has: plates, wells, sites, and what was done to each well."""

from __future__ import annotations

import dataclasses

import pandas as pd

from cellscreen.plates.key import image_key
from cellscreen.simulate.compounds import TOXIC, VEHICLE, Compound, compounds
from cellscreen.simulate.config import SCREEN, WELLS_PER_PLATE, CellLine, CultureConfig
from cellscreen.simulate.seeds import generator

CONTROLS_PER_PLATE = 2
Content = tuple[Compound | None, float, int]  # what is in a well, µM, number of its images
HIDDEN = ("protection", "toxic", "place", "places")


@dataclasses.dataclass(frozen=True)
class Field:
    """One image to be made. The last four are hidden: no table written for users has them."""

    plate: str
    well: str
    site: str
    cell_line: str
    condition: str
    hours: float
    batch: str
    pert_iname: str = ""
    concentration_um: float = float("nan")
    control_type: str = ""
    protection: float = 0.0  # share of the conversion that a compound prevents
    toxic: bool = False
    place: int = 0  # number of the well among those of its plate
    places: int = WELLS_PER_PLATE  # wells that span the range of dishes between them

    @property
    def key(self) -> str:
        """The key that joins records, scores and truth."""
        return image_key(self.plate, self.well, self.site)

    @property
    def path(self) -> str:
        """The file, relative to the simulation's folder."""
        return f"{self.plate}/{self.well}_s{self.site}.png"


def fields(config: CultureConfig) -> list[Field]:
    """Returns every field of the simulation in the order of its plates, wells and sites."""
    return _screen(config) if config.kind == SCREEN else _cultures(config)


def images_table(made: list[Field]) -> pd.DataFrame:
    """Returns the rows of `images.csv` (path first; `simulated` is always true)."""
    names = [field.name for field in dataclasses.fields(Field) if field.name not in HIDDEN]
    rows = [{"path": field.path} | {name: getattr(field, name) for name in names} for field in made]
    return pd.DataFrame(rows).assign(bit_depth=8, simulated=True)


def well_names(line: CellLine, count: int) -> list[str]:
    """Returns `A01` to `C04` for a 12-well plate, `dish-01`, `dish-02` … for dishes."""
    if line.vessel == "dish":
        digits = max(2, len(str(count)))
        return [f"dish-{number:0{digits}d}" for number in range(1, count + 1)]
    return [f"{row}{column:02d}" for row in "ABC" for column in range(1, 5)][:count]


def _cultures(config: CultureConfig) -> list[Field]:
    """One plate for each batch, line, time and condition: a chamber takes whole plates."""
    return [
        Field(
            plate=f"{line.name}-{hours:g}h-{condition}-b{batch}",
            well=well,
            site=str(site),
            cell_line=line.name,
            condition=condition,
            hours=hours,
            batch=f"batch-{batch}",
            place=place,
            places=config.wells,
        )
        for batch in range(1, config.batches + 1)
        for line in config.lines
        for hours in line.culture_hours
        for condition in ("normoxia", "hypoxia")
        for place, well in enumerate(well_names(line, config.wells))
        for site in range(1, config.sites + 1)
    ]


def _screen(config: CultureConfig) -> list[Field]:
    return [
        field
        for batch in range(1, config.batches + 1)
        for line in config.lines
        for field in _screen_of_line(config, line, f"screen-{batch}")
    ]


def _screen_of_line(config: CultureConfig, line: CellLine, batch: str) -> list[Field]:
    """Deals the wells over plates and positions at random, controls evenly to the plates."""
    rng = generator(config, "layout", batch, line.name)
    treated: list[Content] = [
        (compound, dose, sites)
        for compound in compounds(config)
        for dose in config.concentrations_um
        for sites in config.sites_of_wells
    ]
    treated = [treated[place] for place in rng.permutation(len(treated))]
    plates = max(
        -(-(len(treated) + config.control_wells) // WELLS_PER_PLATE),
        -(-len(treated) // (WELLS_PER_PLATE - CONTROLS_PER_PLATE)),
    )
    vehicle: Content = (None, float("nan"), config.control_sites)
    controls = [vehicle] * max(config.control_wells, CONTROLS_PER_PLATE * plates)
    made: list[Field] = []
    for number in range(plates):
        wells = [*treated[number::plates], *controls[plates - 1 - number :: plates]]
        places = sorted(rng.permutation(WELLS_PER_PLATE)[: len(wells)])
        for place, deal in zip(places, rng.permutation(len(wells)), strict=True):
            made += _well(_place(line, batch, number, int(place), plates), line, wells[deal])
    return made


def _place(line: CellLine, batch: str, number: int, place: int, plates: int) -> Field:
    """Returns the first field of a vehicle well at a place of the numbered plate."""
    plate, wells = f"{batch}-{line.name}-p{number + 1:02d}", well_names(line, WELLS_PER_PLATE)
    if line.vessel == "dish":
        plate, place = f"{batch}-{line.name}", number * WELLS_PER_PLATE + place
        wells = well_names(line, plates * WELLS_PER_PLATE)
    return Field(
        plate=plate,
        well=wells[place],
        site="1",
        cell_line=line.name,
        condition="hypoxia",
        hours=line.screen_hours,
        batch=batch,
        pert_iname=VEHICLE,
        control_type="negcon",
        place=place,
    )


def _well(first: Field, line: CellLine, content: Content) -> list[Field]:
    """Returns the fields of a well with its compound in it; None is the vehicle."""
    compound, dose, sites = content
    if compound is not None:
        first = dataclasses.replace(
            first,
            pert_iname=compound.pert_iname,
            concentration_um=dose,
            control_type="trt",
            protection=compound.protection(line.name, dose),
            toxic=compound.kind == TOXIC,
        )
    return [dataclasses.replace(first, site=str(site)) for site in range(1, sites + 1)]
