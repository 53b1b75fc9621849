"""The hidden truth of a screen: what each compound does, under names that do not tell."""

from __future__ import annotations

import dataclasses

import pandas as pd

from cellscreen.simulate.config import CultureConfig
from cellscreen.simulate.seeds import generator

PROTECTS, ONE_LINE, TOXIC, INACTIVE = "protects", "one_line", "toxic", "inactive"
VEHICLE = "DMSO"


@dataclasses.dataclass(frozen=True)
class Compound:
    """One compound; `ec50_um`, `hill` and `top` are NaN for one that protects no line."""

    pert_iname: str
    kind: str
    lines: tuple[str, ...]  # the cell lines it protects
    ec50_um: float = float("nan")
    hill: float = float("nan")
    top: float = float("nan")

    def protection(self, line: str, concentration_um: float) -> float:
        """Returns the share of the conversion it prevents, a Hill curve in the concentration."""
        if line not in self.lines:
            return 0.0
        return float(self.top / (1 + (self.ec50_um / concentration_um) ** self.hill))


def compounds(config: CultureConfig) -> list[Compound]:
    """Returns the compounds of a screen, sorted by name; a name says nothing of the kind."""
    rng = generator(config, "compounds")
    kinds = [PROTECTS] * config.protectors + [ONE_LINE] * config.one_line + [TOXIC] * config.toxic
    kinds += [INACTIVE] * (config.compounds - len(kinds))
    digits = max(2, len(str(config.compounds)))
    lines = tuple(line.name for line in config.lines)
    made = []
    for number, place in enumerate(rng.permutation(len(kinds)), start=1):
        kind = kinds[place]
        name = f"compound-{number:0{digits}d}"
        if kind in (PROTECTS, ONE_LINE):
            low, high = config.ec50_um
            curve = {
                "ec50_um": round(float(low * (high / low) ** rng.random()), 3),
                "hill": round(float(rng.uniform(*config.hill)), 3),
                "top": round(float(rng.uniform(*config.top)), 3),
            }
            which = lines if kind == PROTECTS else (lines[int(rng.integers(len(lines)))],)
            made.append(Compound(name, kind, which, **curve))
        else:
            made.append(Compound(name, kind, ()))
    return made


def truth_table(config: CultureConfig) -> pd.DataFrame:
    """Returns a row per compound: pert_iname, kind, lines, ec50_um, hill, top."""
    table = pd.DataFrame([dataclasses.asdict(compound) for compound in compounds(config)])
    return table.assign(lines=[" ".join(lines) for lines in table["lines"]])
