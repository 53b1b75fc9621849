"""What a treatment does to a cell, as changes along a few axes, and how many cells it does it to.

Everything here was fixed before any net saw a simulated plate and is never tuned afterwards: a
method that fails on these plates fails, and the page that says so stands.
"""

from __future__ import annotations

import dataclasses

import numpy as np


@dataclasses.dataclass(frozen=True)
class Change:
    """A change of one cell along each axis; logs of a ratio unless the comment says otherwise."""

    nucleus_area: float = 0.0  # area of the nucleus
    dna: float = 0.0  # brightness of the DNA stain
    cell_area: float = 0.0  # area of the cell
    rounding: float = 0.0  # share of its processes that a cell loses, not a log
    agp: float = 0.0  # brightness of actin, Golgi and membrane
    rna: float = 0.0  # brightness of the RNA stain
    er: float = 0.0  # brightness of the endoplasmic reticulum
    mito: float = 0.0  # brightness of mitochondria: their membrane potential (MMP)
    ros: float = 0.0  # brightness of the dye for reactive oxygen species
    fragments: float = 0.0  # share of mitochondria that are grains, not threads, not a log
    spread: float = 0.0  # how far mitochondria and ER reach out from the nucleus
    reporter: float = 0.0  # nuclear over cytoplasmic concentration of the GFP reporter

    def array(self) -> np.ndarray:
        """Returns the changes as `(axes,)` float64, in the order of `AXES`."""
        return np.array(dataclasses.astuple(self))


AXES = tuple(field.name for field in dataclasses.fields(Change))


@dataclasses.dataclass(frozen=True)
class Effects:
    """The effect kinds of all assays, and the affected fractions that go with them."""

    # Cardiotoxicity: each toxic compound has one of these three mechanisms.
    depolarizer: Change = Change(
        mito=-1.10, ros=0.45, fragments=0.45, cell_area=-0.20, rounding=0.20, nucleus_area=-0.12
    )  # mitochondria lose their potential and fall to grains
    oxidant: Change = Change(
        mito=-0.55, ros=1.00, fragments=0.25, cell_area=-0.20, rounding=0.20, nucleus_area=-0.12
    )  # reactive oxygen rises
    contractor: Change = Change(
        mito=-0.55, ros=0.45, cell_area=-0.45, rounding=0.55, nucleus_area=-0.28, dna=0.25
    )  # cells shrink and round up, nuclei condense
    toxic_killed: float = 0.12  # share of the affected cells that die and stay as round remains

    # Cell Painting: a target changes a few axes, each by up to this much, either way.
    painted: Change = Change(
        nucleus_area=0.35,
        dna=0.35,
        cell_area=0.40,
        rounding=0.60,
        agp=0.60,
        rna=0.55,
        er=0.55,
        mito=0.60,
        fragments=0.60,
        spread=0.50,
    )
    painted_axes: int = 3  # axes that one target changes
    own_share: float = 0.15  # SD of what a compound adds to its target's direction, over `painted`
    compounds_of_target: int = 3  # compounds that share a target, in the mean
    two_targets: float = 0.08  # compounds with two targets, written A|B, that do half of each
    no_target: float = 0.05  # compounds whose target nobody knows: an empty cell in the table
    strong: float = 0.30  # compounds whose affected cells show all of the change
    weak: float = 0.30  # compounds with `weak_size` of it, in `weak_fraction` of the cells
    weak_size: float = 0.5  # size of a weak phenotype over a strong one
    weak_fraction: float = 0.5  # affected fraction of a weak phenotype over a strong one

    # Translocation: the reporter leaves the cytoplasm for the nucleus, as FKHR-GFP does.
    translocated: Change = Change(reporter=2.2)

    # Cells that no compound touched.
    stressed: float = 0.02  # cells that look affected without cause, in every well
    severity_sd: float = 0.25  # SD of the log of how strongly an affected cell is changed
    autofluorescent: float = 0.05  # compounds that glow themselves, whatever else they do
    glow: float = 0.6  # light of such a compound at the top dose, over the background's

    # Doses: the fraction at a dose is the affected fraction times a Hill curve.
    hill: tuple[float, float] = (1.0, 2.0)  # range of Hill slopes


EFFECTS = Effects()
