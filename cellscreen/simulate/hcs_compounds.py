"""The hidden truth of a plate: what each compound does, under names that do not tell."""

from __future__ import annotations

import dataclasses
import hashlib

import numpy as np

from cellscreen.simulate.hcs_assays import CARDIOTOX, CELL_PAINTING
from cellscreen.simulate.hcs_config import HcsConfig
from cellscreen.simulate.hcs_effects import AXES, Change
from cellscreen.simulate.seeds import generator

VEHICLE, POSCON = "DMSO", "SIM-poscon"
STRONG, WEAK, NONE = "strong", "weak", "none"


@dataclasses.dataclass(frozen=True)
class HcsCompound:
    """One compound; `ec50_um` and `hill` are NaN for one that does nothing."""

    pert_iname: str
    active: bool
    effect: str  # mechanism or strength: depolarizer …, strong, weak, none
    target: str  # "" where nobody knows it; A|B for two
    change: tuple[float, ...]  # of an affected cell, along AXES
    top: float  # share of cells affected at infinite dose
    killed: float = 0.0  # share of the affected cells that die
    ec50_um: float = float("nan")
    hill: float = float("nan")
    autofluorescent: bool = False

    def affected_fraction(self, concentration_um: float) -> float:
        """Returns the share of cells it affects, a Hill curve in the concentration."""
        if not self.active or self.top == 0:
            return 0.0
        return float(self.top / (1 + (self.ec50_um / concentration_um) ** self.hill))

    @property
    def broad_sample(self) -> str:
        """The sample's name in plate maps of the JUMP form."""
        return f"SIM-{_letters(self.pert_iname, 8)}-001"

    @property
    def inchikey(self) -> str:
        """A key of the form of an InChIKey that says in both blocks that it is simulated."""
        return f"SIM{_letters(self.pert_iname, 11)}-SIMULATEDX-N"


def hcs_compounds(config: HcsConfig) -> list[HcsCompound]:
    """Returns the compounds of a plate, in the order of their names, which say nothing.

    Example:
        >>> made = hcs_compounds(HcsConfig())
        >>> len(made), sum(compound.active for compound in made)
        (100, 47)
    """
    rng = generator(config, "compounds", config.assay.name)
    painted = config.assay.name == CELL_PAINTING
    effects = _strengths(config) if painted else _kinds(config)
    targets = _targets(config, rng) if painted else [""] * config.compounds
    digits = max(3, len(str(config.compounds)))
    made = []
    for number, place in enumerate(rng.permutation(config.compounds), start=1):
        name = f"SIM-compound-{number:0{digits}d}"
        made.append(_compound(config, rng, name, effects[place], targets[place]))
    return made


def positive_control(config: HcsConfig) -> HcsCompound:
    """Returns the positive control: an active compound far above its half-effective dose."""
    effects, top = config.effects, config.assay.top_um
    painted = config.assay.name == CELL_PAINTING
    change = effects.painted if painted else _change_of(config, "depolarizer")
    return HcsCompound(
        pert_iname=POSCON,
        active=True,
        effect="poscon",
        target="",
        change=tuple(change.array()),
        top=config.affected_fraction,
        killed=effects.toxic_killed if config.assay.name == CARDIOTOX else 0.0,
        ec50_um=top / 50,
        hill=1.5,
    )


def _kinds(config: HcsConfig) -> list[str]:
    active = round(config.assay.active * config.compounds)
    kinds = ["translocates"]
    if config.assay.name == CARDIOTOX:
        kinds = ["depolarizer", "oxidant", "contractor"]
    return [kinds[place % len(kinds)] for place in range(active)] + [NONE] * (
        config.compounds - active
    )


def _strengths(config: HcsConfig) -> list[str]:
    strong = round(config.effects.strong * config.compounds)
    weak = round(config.effects.weak * config.compounds)
    return [STRONG] * strong + [WEAK] * weak + [NONE] * (config.compounds - strong - weak)


def _targets(config: HcsConfig, rng: np.random.Generator) -> list[str]:
    """Deals targets to compounds of every strength alike; some get two, some an unknown one."""
    count = max(1, round(config.compounds / config.effects.compounds_of_target))
    names = [f"SIMT{number:03d}" for number in range(1, count + 1)]
    first = [names[place % count] for place in rng.permutation(config.compounds)]
    second = [names[place] for place in rng.integers(count, size=config.compounds)]
    two = rng.random(config.compounds) < config.effects.two_targets
    return [
        f"{a}|{b}" if both and a != b else a for a, b, both in zip(first, second, two, strict=True)
    ]


def _compound(
    config: HcsConfig, rng: np.random.Generator, name: str, effect: str, target: str
) -> HcsCompound:
    effects, assay = config.effects, config.assay
    low, high = assay.ec50_of_top
    ec50 = assay.top_um * low * (high / low) ** rng.random()
    hill, glow, unknown = rng.uniform(*effects.hill), rng.random(), rng.random()
    own = rng.standard_normal(len(AXES))
    if effect == NONE:
        change, top = np.zeros(len(AXES)), 0.0
    elif assay.name == CELL_PAINTING:
        change = _direction(config, target) + effects.own_share * own * effects.painted.array()
        change *= effects.weak_size if effect == WEAK else 1.0
        top = config.affected_fraction * (effects.weak_fraction if effect == WEAK else 1.0)
    else:
        change, top = _change_of(config, effect).array(), config.affected_fraction
    active = effect != NONE
    return HcsCompound(
        pert_iname=name,
        active=active,
        effect=effect,
        target="" if unknown < effects.no_target else target,
        change=tuple(float(value) for value in np.round(change, 4)),
        top=top,
        killed=effects.toxic_killed if active and assay.name == CARDIOTOX else 0.0,
        ec50_um=round(float(ec50), 4) if active else float("nan"),
        hill=round(float(hill), 3) if active else float("nan"),
        autofluorescent=bool(glow < effects.autofluorescent),
    )


def _change_of(config: HcsConfig, effect: str) -> Change:
    effects = config.effects
    if config.assay.name != CARDIOTOX:
        return effects.translocated
    return {
        "depolarizer": effects.depolarizer,
        "oxidant": effects.oxidant,
        "contractor": effects.contractor,
    }[effect]


def _direction(config: HcsConfig, target: str) -> np.ndarray:
    """Returns the `(axes,)` change that a target brings: the mean over the targets of A|B."""
    parts = []
    for name in target.split("|"):
        rng = generator(config, "target", name)
        most = config.effects.painted.array()
        size = rng.uniform(0.6, 1.0, len(AXES)) * rng.choice([-1, 1], len(AXES))
        axes = rng.permutation(np.flatnonzero(most))[: config.effects.painted_axes]
        parts.append(np.where(np.isin(np.arange(len(AXES)), axes), size * most, 0.0))
    return np.mean(parts, axis=0)


def _letters(text: str, count: int) -> str:
    digest = hashlib.sha256(text.encode()).digest()
    return "".join(chr(ord("A") + byte % 26) for byte in digest[:count])
