"""The cells and stains of the three kinds of simulated fluorescence plate."""

from __future__ import annotations

import dataclasses

from cellscreen.simulate.hcs_effects import EFFECTS, Change

CARDIOTOX, CELL_PAINTING, TRANSLOCATION = "cardiotox", "cell_painting", "translocation"


@dataclasses.dataclass(frozen=True)
class Channel:
    """One stain as a camera sees it."""

    name: str  # as in the plate table
    level: float  # gray levels of 65,535 that a median cell adds where the stain is
    background: float  # gray levels between cells, the camera's offset among them
    excitation_nm: int  # main excitation wavelength
    emission_nm: int  # main emission wavelength
    exposure_s: float  # exposure time


DNA = Channel("DNA", 12500, 420, 405, 456, 0.10)
MITO = Channel("Mito", 8000, 400, 640, 706, 0.06)
AGP = Channel("AGP", 9500, 460, 561, 599, 0.05)
RNA = Channel("RNA", 13000, 450, 488, 599, 0.08)
ER = Channel("ER", 9500, 430, 488, 522, 0.08)
MMP = Channel("MMP", 5200, 380, 561, 599, 0.06)
ROS = Channel("ROS", 2600, 420, 488, 522, 0.10)
GFP = Channel("GFP", 4200, 380, 488, 522, 0.10)


@dataclasses.dataclass(frozen=True)
class Assay:
    """The cells and stains of one kind of plate."""

    name: str  # as in --kind
    code: str  # as in the plates' names
    label: str  # what labels.csv says of a compound; "" for none
    classes: tuple[str, str]  # the words for a compound that does it and for one that does not
    active: float  # share of the compounds that do it (cell_painting: `strong` + `weak` do)
    channels: tuple[Channel, ...]  # in the order of the microscope
    cell_line: str  # as in the column cell_line
    um_per_px: float  # pixel size
    cells_per_mm2: float  # median density
    cell_area_um2: float  # median area of a cell that has the room
    nucleus_area_um2: float  # median area of a nucleus
    poles: tuple[int, ...]  # how many processes a cell may have
    pole_reach: float  # log of process length over body radius
    top_um: float  # highest dose
    dilution: float  # factor between doses
    ec50_of_top: tuple[float, float]  # range of half-effective doses, over the highest dose
    stressed: Change  # what a cell looks like that is stressed without cause


HIPSC_CM = Assay(
    name=CARDIOTOX,
    code="cardiotox",
    label="cardiotoxicity",
    classes=("toxic", "nontoxic"),
    active=0.47,  # MID Methods: 47 of 100 compounds
    channels=(DNA, MMP, ROS),  # nucleus, TMRM and H2DCFDA (MID Methods)
    cell_line="hiPSC-CM",
    um_per_px=0.598,  # a 20x water objective, pixels binned 2 x 2
    cells_per_mm2=1150,  # MID Methods: 12,000 cells in a well of 384, half of them attached
    cell_area_um2=900,
    nucleus_area_um2=130,
    poles=(2, 3, 4, 5),
    pole_reach=0.55,
    top_um=10.0,  # MID Methods: 10, 3.33, 1.11, 0.37, 0.12, 0.04 µM
    dilution=3.0,
    ec50_of_top=(0.015, 0.6),
    stressed=Change(
        mito=-0.70, ros=0.60, fragments=0.25, cell_area=-0.25, rounding=0.30, nucleus_area=-0.15
    ),
)
U2OS_PAINTED = Assay(
    name=CELL_PAINTING,
    code="painting",
    label="",
    classes=("active", "inactive"),
    active=EFFECTS.strong + EFFECTS.weak,
    channels=(MITO, AGP, RNA, ER, DNA),  # CPJUMP1: ch1 to ch5
    cell_line="U2OS",
    um_per_px=0.598,  # jump_phenix.zip
    cells_per_mm2=430,
    cell_area_um2=2200,
    nucleus_area_um2=190,
    poles=(2, 3, 3, 4),
    pole_reach=0.90,
    top_um=5.0,
    dilution=3.0,
    ec50_of_top=(0.02, 0.15),
    stressed=Change(nucleus_area=-0.3, dna=0.3, cell_area=-0.3, rounding=0.5, mito=-0.3),
)
U2OS_FKHR = Assay(
    name=TRANSLOCATION,
    code="translocation",
    label="translocation",
    classes=("active", "inactive"),
    active=0.5,
    channels=(GFP, DNA),  # BBBC013: Channel1 FKHR-GFP, Channel2 DNA
    cell_line="U2OS",
    um_per_px=0.9,
    cells_per_mm2=500,
    cell_area_um2=1100,
    nucleus_area_um2=165,
    poles=(2, 3, 3, 4),
    pole_reach=0.80,
    top_um=80.0,  # BBBC013: LY294002 up to 80 µM
    dilution=2.0,
    ec50_of_top=(0.02, 0.25),
    stressed=Change(reporter=1.6),
)
ASSAYS = {assay.name: assay for assay in (HIPSC_CM, U2OS_PAINTED, U2OS_FKHR)}
