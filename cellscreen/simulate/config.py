"""Every parameter of the simulated cultures, set by the oracle and never by a net.

Sizes are those of textbook cells, times follow the hypoxia paper (III.A: AC16 is best told apart
after 48 h, H9C2 after 36 h); docs/simulated-cultures.md lists what the oracle reaches with them.
"""

from __future__ import annotations

import dataclasses
import json
import math

from cellscreen.errors import ConfigError

CULTURES, SCREEN = "cultures", "screen"
WELLS_PER_PLATE = 12


@dataclasses.dataclass(frozen=True)
class CellLine:
    """How the cells of one line look and how fast hypoxia changes them."""

    name: str  # as in the column cell_line
    vessel: str  # "plate" (12 wells) or "dish" (35 mm; all dishes of a batch are one plate)
    culture_hours: tuple[float, ...]  # hours at which the training groups are imaged
    screen_hours: float  # hours in the chamber before a screen is imaged
    cell_area_um2: float  # median area of a spread cell
    nucleus_area_um2: float  # median area of a nucleus in normoxia
    poles: tuple[int, ...]  # how many processes a cell may have; two make a spindle
    pole_reach: float  # log of process length over body radius
    conversion_hours: float  # median time at which a cell takes the hypoxic form
    conversion_spread: float  # SD of the log of that time between cells
    mitotic_fraction: float  # cells in division, in either condition (hypoxia paper, III.B.1)


AC16 = CellLine(
    name="AC16",
    vessel="plate",
    culture_hours=(12, 24, 36, 48, 72),
    screen_hours=48,
    cell_area_um2=1150,
    nucleus_area_um2=170,
    poles=(2, 3, 3, 4),
    pole_reach=1.15,
    conversion_hours=39,
    conversion_spread=0.90,
    mitotic_fraction=0.04,
)
H9C2 = CellLine(
    name="H9C2",
    vessel="dish",
    culture_hours=(24, 36, 48),
    screen_hours=36,
    cell_area_um2=950,
    nucleus_area_um2=150,
    poles=(2, 2, 2, 3),
    pole_reach=1.50,
    conversion_hours=34,
    conversion_spread=0.80,
    mitotic_fraction=0.01,
)


@dataclasses.dataclass(frozen=True)
class CultureConfig:
    """One simulation; a field's pixels follow from this and the field's key alone."""

    kind: str = CULTURES  # "cultures": labelled groups for training; "screen": compounds
    version: int = 1  # raised when the same parameters come to give other pixels
    seed: int = 0  # another seed gives other cultures of the same kind
    difficulty: float = 1.0  # divides what hypoxia does to a cell; 1 is the calibrated value
    lines: tuple[CellLine, ...] = (AC16, H9C2)  # the cell lines

    # Layout of the cultures (hypoxia paper, II.A: 98-138 images a group).
    batches: int = 1  # repeats of every plate
    wells: int = 12  # wells (or dishes) of a plate
    sites: int = 9  # images of a well
    # Layout of the screen (II.D: 5 images a compound and line).
    compounds: int = 40  # compounds, each given to both lines
    protectors: int = 8  # compounds that protect both lines
    one_line: int = 3  # compounds that protect one line only: not a hit by the vote
    toxic: int = 4  # compounds that kill cells and do not protect
    concentrations_um: tuple[float, ...] = (10.0,)  # doses of every compound (Table IV: 5, 10 µM)
    sites_of_wells: tuple[int, ...] = (2, 2, 1)  # images in each well of a compound and dose
    control_wells: int = 24  # vehicle wells at least, a batch and line
    control_sites: int = 2  # images of a vehicle well

    # Optics and camera.
    size_px: int = 384  # side of a field
    um_per_px: float = 0.8  # pixel size
    background: float = 128.0  # mean gray of an empty dish
    background_sd: float = 12.0  # between dishes
    contrast_sd: float = 0.15  # SD of the log contrast between dishes
    shading_sd: float = 0.05  # uneven illumination over a field, as a share of the background
    noise_sd: float = 2.2  # camera noise in gray levels at mid gray
    halo: float = 1.25  # light a phase ring throws around an object, as a share of its phase
    halo_um: float = 5.5  # how far it reaches (SD of a Gaussian)
    cell_gray: tuple[float, float] = (32.0, 52.0)  # range of gray levels a cell darkens by
    nucleus_share: tuple[float, float] = (0.4, 0.7)  # range of a nucleus's darkness over its cell's

    # Cultures, the same in both conditions.
    cells: float = 34.0  # median number of cells in a field
    cells_sd_well: float = 0.28  # SD of its log between wells
    cells_sd_field: float = 0.22  # and between fields of a well
    dead_cells: float = 0.8  # mean number of round dead cells in a field
    debris: float = 12.0  # mean number of specks in a field
    granules: float = 22.0  # mean number of granules in a cell
    area_sd_cell: float = 0.25  # SD of the log area between cells
    ruffle_sd: float = 0.035  # unevenness of a cell's rim, SD of each wave in log radius
    nucleus_sd_cell: float = 0.30  # SD of the log nuclear area between cells
    nucleus_sd_well: float = 0.030  # and between wells
    reach_sd_cell: float = 0.34  # SD of the log length of processes between cells
    reach_sd_well: float = 0.06  # and between wells
    stressed_fraction: float = 0.03  # cells of the hypoxic form without hypoxia

    # What hypoxia does to a cell that has wholly converted.
    nucleus_growth: float = 0.52  # log of nuclear area over that in normoxia
    rounding: float = 0.75  # share of its processes a cell loses
    thickening: float = 0.35  # share by which it becomes thicker, hence brighter at its rim
    early_fraction: float = 0.15  # cells that convert at 0.4 of their time
    late_fraction: float = 0.08  # cells that convert at 2.5 times their time
    conversion_width: float = 0.18  # log time a single conversion takes
    conversion_sd_field: float = 0.40  # SD of log conversion time between fields of a well

    # Compounds.
    ec50_um: tuple[float, float] = (0.8, 3.5)  # range of half-effective concentrations
    hill: tuple[float, float] = (1.2, 2.2)  # range of Hill slopes
    top: tuple[float, float] = (0.90, 1.0)  # range of protection at infinite concentration
    toxic_dead_cells: float = 9.0  # dead cells more in a field of a toxic compound
    toxic_loss: float = 0.45  # share of living cells a toxic compound removes

    def __post_init__(self) -> None:
        if self.kind not in (CULTURES, SCREEN):
            raise ConfigError(f"Expected kind {CULTURES!r} or {SCREEN!r}, got {self.kind!r}.")
        if not 0 < self.difficulty < math.inf:
            raise ConfigError(f"Expected difficulty above 0, got {self.difficulty}.")
        if not 1 <= self.wells <= WELLS_PER_PLATE:
            raise ConfigError(f"Expected 1 to {WELLS_PER_PLATE} wells, got {self.wells}.")
        if not self.concentrations_um or not all(0 < d < math.inf for d in self.concentrations_um):
            raise ConfigError(f"Expected concentrations above 0, got {self.concentrations_um}.")
        named = self.protectors + self.one_line + self.toxic
        if min(self.protectors, self.one_line, self.toxic) < 0:
            raise ConfigError("Expected no negative number of compounds of a kind, got one.")
        if named > self.compounds:
            raise ConfigError(
                f"Expected at least {named} compounds (protectors, one-line and toxic ones), "
                f"got {self.compounds}.",
                fix="Raise --compounds or lower --protectors.",
            )
        for name in ("batches", "sites", "size_px", "control_wells", "control_sites"):
            if getattr(self, name) < 1:
                raise ConfigError(f"Expected {name} of at least 1, got {getattr(self, name)}.")
        if not self.sites_of_wells or min(self.sites_of_wells) < 1:
            raise ConfigError(
                f"Expected sites_of_wells of at least 1 each, got {self.sites_of_wells}."
            )
        if not self.lines or any(not line.culture_hours for line in self.lines):
            raise ConfigError(
                "Expected a cell line imaged at one of the chosen hours, got none.",
                fix="AC16 is imaged at 12, 24, 36, 48 and 72 h, H9C2 at 24, 36 and 48 h.",
            )

    def to_json(self) -> str:
        """Returns all parameters, in one fixed order, as JSON."""
        return json.dumps(dataclasses.asdict(self), indent=2) + "\n"
