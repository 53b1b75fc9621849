"""Every parameter of the simulated fluorescence plates; what treatments do is in `hcs_effects`."""

from __future__ import annotations

import dataclasses
import json

from cellscreen.errors import ConfigError
from cellscreen.simulate.hcs_assays import (
    CARDIOTOX,
    CELL_PAINTING,
    HIPSC_CM,
    TRANSLOCATION,
    U2OS_FKHR,
    U2OS_PAINTED,
    Assay,
)
from cellscreen.simulate.hcs_effects import EFFECTS, Change, Effects

PLATE_SHAPES = {96: (8, 12), 384: (16, 24), 1536: (32, 48)}


@dataclasses.dataclass(frozen=True)
class HcsConfig:
    """One simulation; a field's pixels follow from this and the field's key alone."""

    assay: Assay = HIPSC_CM  # cells and stains
    effects: Effects = EFFECTS  # what treatments do
    affected_fraction: float = 0.20  # cells an active compound changes at infinite dose; 0 for none
    version: int = 1  # raised when the same parameters come to give other pixels
    seed: int = 0  # another seed gives other plates of the same kind

    # Layout. One layout deals all wells to as many plate maps as they need.
    compounds: int = 100  # compounds
    doses: int = 6  # doses of each compound
    replicates: int = 3  # wells of each compound and dose in one layout
    plates: int = 1  # plates made of each plate map, each a batch
    layouts: int = 1  # times that the same wells are dealt anew to other positions
    sites: int = 1  # fields of a well
    plate_wells: int = 384  # wells of a plate
    control_wells: int = 24  # DMSO wells of a plate map
    poscon_wells: int = 8  # wells of a plate map with the positive control, an active compound
    rendered_fields: int = 0  # fields drawn; all others are hard links to them (0: all are drawn)

    # Camera and optics.
    size_px: int = 256  # side of a field
    bit_depth: int = 16  # 16 or 12; the sensor's ceiling is 2**bit_depth - 1
    electrons_per_level: float = 0.46  # of 16-bit levels, as for an sCMOS camera
    read_noise_e: float = 2.2  # electrons
    psf_um: float = 0.45  # SD of the blur of the optics
    haze: float = 0.10  # share of the light that comes from out of focus
    haze_um: float = 9.0  # SD of its blur
    vignette: float = 0.5  # loss of light, over (distance from the centre / side)²
    vignette_sd: float = 0.06  # tilt of the light between channels, in the same unit
    unfocused: float = 0.01  # fields that are out of focus
    unfocused_um: float = 2.5  # SD of their blur

    # What is uneven for no biological reason; SDs of logs.
    batch_sd: float = 0.12  # stains between plates
    well_sd: float = 0.08  # stains between wells
    field_sd: float = 0.02  # stains between fields of a well
    batch_density_sd: float = 0.10  # density between plates
    well_density_sd: float = 0.15  # density between wells
    field_density_sd: float = 0.10  # density between fields of a well
    position_sd: float = 0.10  # slope of stains and density over rows and columns, edge to middle
    edge: float = 0.12  # loss of density and gain of stain in the outer wells

    # Cells, treated or not; SDs between the cells of a field.
    cell_sd: Change = dataclasses.field(
        default_factory=lambda: Change(
            nucleus_area=0.22,
            dna=0.20,
            cell_area=0.25,
            rounding=0.10,
            agp=0.28,
            rna=0.25,
            er=0.25,
            mito=0.32,
            ros=0.32,
            fragments=0.10,
            spread=0.15,
            reporter=0.25,
        )
    )
    stain_sd: float = 0.15  # SD of the log of what all stains of a cell have in common
    reporter_ratio: float = 0.45  # nuclear over cytoplasmic reporter in a resting cell
    reporter_silent: float = 0.15  # cells that hardly express the reporter
    mitotic: float = 0.02  # cells in division
    dead: float = 0.015  # dead cells over living ones, without any compound
    debris_per_mm2: float = 120.0  # specks

    def __post_init__(self) -> None:
        _check_counts(self)
        if not 0 <= self.affected_fraction <= 1:
            raise ConfigError(
                f"Expected affected_fraction from 0 to 1, got {self.affected_fraction}."
            )
        if self.plate_wells not in PLATE_SHAPES:
            raise ConfigError(f"Expected plate_wells of 96, 384 or 1536, got {self.plate_wells}.")
        if self.bit_depth not in (12, 16):
            raise ConfigError(f"Expected bit_depth 12 or 16, got {self.bit_depth}.")
        controls = self.control_wells + self.poscon_wells
        if controls >= self.plate_wells:
            raise ConfigError(
                f"Expected fewer control wells than the {self.plate_wells} of a plate, "
                f"got {controls}."
            )

    @property
    def sensor_max(self) -> int:
        """The value of a saturated pixel."""
        return 2**self.bit_depth - 1

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns of a plate."""
        return PLATE_SHAPES[self.plate_wells]

    def to_json(self) -> str:
        """Returns all parameters, in one fixed order, as JSON."""
        return json.dumps(dataclasses.asdict(self), indent=2, ensure_ascii=False) + "\n"


def _check_counts(config: HcsConfig) -> None:
    for name in ("compounds", "doses", "replicates", "plates", "layouts", "sites"):
        if getattr(config, name) < 1:
            raise ConfigError(f"Expected {name} of at least 1, got {getattr(config, name)}.")
    for name in ("control_wells", "poscon_wells", "rendered_fields"):
        if getattr(config, name) < 0:
            raise ConfigError(f"Expected {name} of 0 or more, got {getattr(config, name)}.")
    if not 32 <= config.size_px <= 4096:
        raise ConfigError(f"Expected size_px from 32 to 4096, got {config.size_px}.")


CONFIGS = {
    CARDIOTOX: HcsConfig(),
    CELL_PAINTING: HcsConfig(
        assay=U2OS_PAINTED,
        affected_fraction=0.6,
        compounds=320,
        doses=1,
        replicates=1,  # CPJUMP1: all plates share one map, a well a compound
        plates=3,
        control_wells=64,  # CPJUMP1: 64 of 384
        poscon_wells=0,
    ),
    TRANSLOCATION: HcsConfig(
        assay=U2OS_FKHR,
        affected_fraction=0.9,
        compounds=8,
        doses=8,
        replicates=2,
        control_wells=32,
        poscon_wells=32,
    ),
}
"""The configs of the three kinds; another one is made of them by `dataclasses.replace`."""
