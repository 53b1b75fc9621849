"""Whether replicates of a treatment find each other among negative controls: mAP, by copairs.

What its documentation calls phenotypic activity (Kalinin et al., Nature Communications 2025).
"""

from __future__ import annotations

from typing import Literal

import numpy as np
import pandas as pd

from cellscreen.explain.copairs_scores import (
    CONTROL,
    FIGURES,
    OF_COPAIRS,
    scores_among_controls,
    with_q,
)
from cellscreen.explain.label_exchange import DRAWS, exchange_p
from cellscreen.explain.neighbours import cosines
from cellscreen.explain.spaces import (
    COMPOUND,
    FOLD,
    PLATE,
    centred,
    defined_values,
    negative,
    spaces,
    treated,
)
from cellscreen.plates.columns import CONCENTRATION, PREFIX

TREATMENT = PREFIX + "treatment"
Replicates = Literal["treatment", "compound"]
_ONE = "one replicate"
_NO_CONTROLS = "fewer than two negative controls that the net did not see"
_ZERO = "a profile is zero or undefined"


def replicate_map(
    profiles: pd.DataFrame, of: Replicates = "treatment", *, draws: int = DRAWS, seed: int = 0
) -> pd.DataFrame:
    """How well replicates of each treatment find each other among negative controls.

    Profiles are centred on their plate's mean, not
    on its controls: a noisy mean of controls, taken from treated wells and controls alike, makes
    treated wells resemble each other. For `p`, labels are exchanged between the treated wells and
    the controls of the same plate.

    Args:
        profiles: of wells; a net's space needs negative controls that the net did not see.
        of: `treatment`, a compound at a concentration; or `compound`, over all its concentrations.
        draws: exchanges for `p`, and rankings for copairs' own `p_copairs`.
        seed: of both.

    Returns:
        A row a net and treatment, in order: `Metadata_fold, Metadata_treatment,
        Metadata_pert_iname, Metadata_concentration_um, n_replicates, n_controls, map,
        normalized_map` (0 is chance, 1 perfect), `p`, `q` (Benjamini-Hochberg over all rows with
        a p), `p_copairs` (its null of independent replicates), `reason`. NaN and a reason where
        undefined.

    Raises:
        DataError: the table is empty.

    Example:
        >>> replicate_map(wells).query("q < 0.05")["Metadata_treatment"]  # doctest: +SKIP
    """
    parts = []
    for fold, part in spaces(profiles):
        moved, _ = centred(part, "plate")
        if of == "compound":
            moved = moved.drop(columns=CONCENTRATION, errors="ignore")
        found = _of_space(moved, draws, seed)
        found.insert(0, FOLD, fold)
        parts.append(found)
    return with_q(pd.concat(parts, ignore_index=True))


def repeated(profiles: pd.DataFrame) -> Replicates:
    """What has replicates in any net's space: treatments, or only compounds over their doses."""
    for _, part in spaces(profiles):
        names = treatment_names(part[treated(part)])
        if names.duplicated().any():
            return "treatment"
    return "compound"


def treatment_names(profiles: pd.DataFrame) -> pd.Series:
    """Compound and concentration in one text, as copairs wants keys without gaps.

    Example:
        >>> treatment_names(pd.DataFrame({"Metadata_pert_iname": ["a"]})).tolist()
        ['a']
    """
    names = profiles[COMPOUND].fillna("").astype(str)
    if CONCENTRATION not in profiles:
        return names
    dose = profiles[CONCENTRATION].astype(float)
    return names.where(dose.isna(), names + " " + dose.map("{:g} µM".format))


def _of_space(profiles: pd.DataFrame, draws: int, seed: int) -> pd.DataFrame:
    profiles = profiles[treated(profiles) | negative(profiles)].reset_index(drop=True)
    control = negative(profiles).to_numpy()
    names = treatment_names(profiles).mask(control, CONTROL).to_numpy(str)
    values, plates = defined_values(profiles), profiles[PLATE].to_numpy(str)
    known = ~np.isnan(np.diag(cosines(values)))
    table = _treatments(profiles[~control], names[~control], int((control & known).sum()))
    lost = table[TREATMENT].isin(set(names[~known & ~control]))
    table.loc[(table["reason"] == "") & lost, "reason"] = _ZERO
    defined = table.loc[table["reason"] == "", TREATMENT]
    if defined.empty:
        return table
    asked = (np.isin(names, defined) | control) & known
    theirs = scores_among_controls(names[asked], values[asked], draws, seed)
    for row, name in defined.items():
        mine = asked & ((names == name) | control)
        members = names[mine] == name
        _, p = exchange_p(values[mine], members, plates[mine], draws=draws, seed=seed)
        table.loc[row, OF_COPAIRS] = theirs.loc[name, OF_COPAIRS].to_numpy()
        table.loc[row, "p"] = p
    return table


def _treatments(profiles: pd.DataFrame, names: np.ndarray, controls: int) -> pd.DataFrame:
    """A row a treatment, no figure known yet, and why some never will be."""
    doses = profiles.get(CONCENTRATION, np.nan)
    table = pd.DataFrame(
        {TREATMENT: names, COMPOUND: profiles[COMPOUND].astype(str), CONCENTRATION: doses}
    )
    counts = table[TREATMENT].value_counts()
    table = table.drop_duplicates(TREATMENT).sort_values([COMPOUND, CONCENTRATION])
    table = table.assign(n_replicates=table[TREATMENT].map(counts), n_controls=controls)
    reason = np.where(table["n_replicates"] < 2, _ONE, "")
    reason = np.where(controls < 2, _NO_CONTROLS, reason)
    figures = dict.fromkeys(FIGURES, np.nan)
    return table.assign(**figures, reason=reason).reset_index(drop=True)
