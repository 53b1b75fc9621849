"""Embeddings on a page: maps, silhouettes, nearest compounds, replicates and targets."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from cellscreen.errors import DataError
from cellscreen.explain.explain_input import ExplainInput
from cellscreen.explain.named_profiles import POOLED, SETS, NamedProfiles, named_profiles
from cellscreen.explain.neighbours import nearest_compounds
from cellscreen.explain.replicate_map import TREATMENT, repeated, replicate_map
from cellscreen.explain.sampled_cells import IRRELEVANT, RELEVANCE, RELEVANT
from cellscreen.explain.spaces import COMPOUND, FOLD
from cellscreen.explain.target_map import TARGET, target_map
from cellscreen.explain.tsne_maps import (
    MEAN,
    ProfileMap,
    profile_map,
    profile_maps,
    silhouette_table,
)
from cellscreen.report.mid_tables import write_csv, write_parquet
from cellscreen.report.profile_plots import map_drawing, map_title, shown_compounds
from cellscreen.report.section import Drawing, Section, Table, missing, render
from cellscreen.report.texts import counted, number, table_of

KEY, TITLE = "embeddings", "Profiles: do compounds lie apart?"
_NEIGHBOURS, _ROWS, _LEVEL = 3, 30, 0.05
_COMPOUNDS_OF_CELLS = 5


def embeddings_section(
    asked: ExplainInput, others: Mapping[str, pd.DataFrame] | None = None
) -> Section:
    """Draws and tells what the embeddings hold, and writes the tables behind it.

    `profiles.parquet`, `profiles_pooled.parquet`, `silhouettes.csv`, `neighbours.csv`,
    `replicate_map.csv`, `target_map.csv`.

    Args:
        asked: what is explained.
        others: profiles to compare with, by name (`named_profiles.named_profiles`).
    """
    try:
        found = named_profiles(asked, others)
    except DataError as error:
        return missing(KEY, TITLE, str(error))
    if COMPOUND not in found.wells[SETS]:
        return missing(KEY, TITLE, "the plates name no compounds (pert_iname).")
    maps = profile_maps(found.cells | found.wells, seed=asked.seed)
    silhouettes = silhouette_table(maps)
    nearest = nearest_compounds(found.wells[SETS], _NEIGHBOURS)
    of = repeated(found.wells[SETS])
    replicates = {
        name: replicate_map(wells, of, seed=asked.seed) for name, wells in found.wells.items()
    }
    targets = target_map(found.wells[SETS], TARGET, seed=asked.seed)
    _write(asked, found, silhouettes, nearest, replicates, targets)
    return Section(
        KEY,
        TITLE,
        render(
            "mid_embeddings.html",
            folds=found.wells[SETS][FOLD].nunique(),
            maps=maps_drawing(maps),
            relevance=relevance_drawing(found.sample, asked.seed),
            silhouettes=silhouettes_table(silhouettes),
            nearest=nearest_table(nearest),
            replicates=replicates_table(replicates),
            treatments=treatments_table(replicates[SETS]),
            of=of,
            targets=targets_table(targets) if len(targets) else None,
            notes=found.notes,
        ),
        simulated=asked.simulated,
    )


def maps_drawing(maps: Mapping[str, list[ProfileMap]]) -> Drawing | None:
    """The map of the largest space of each kind of profile; None if none could be drawn."""
    panels = {}
    for name, of_nets in maps.items():
        drawn = [one for one in of_nets if one.points["x"].notna().any()]
        for one in drawn[:1]:
            panels[map_title(name, one.silhouette, one.silhouette_map)] = one.points
    if not panels:
        return None
    told = "; ".join(title.replace("\n", ": ") for title in panels)
    return map_drawing(
        "profile-maps",
        panels,
        caption="t-SNE of principal components, in the space of one net, of compounds that it held "
        "out. Distances on such a map mean little: believe the silhouette of the components "
        "(1: compounds lie apart; 0: they overlap; below 0: nearer to another), not the map's. Dots"
        " without a name: further compounds.",
        alt=f"Maps of profiles. {told}.",
    )


def relevance_drawing(sample: pd.DataFrame, seed: int) -> Drawing | None:
    """Relevant and irrelevant cells of five compounds on one map (MID, Fig. 3c)."""
    both = sample[sample[RELEVANCE].isin((RELEVANT, IRRELEVANT))] if len(sample) else sample
    if both.empty or both[RELEVANCE].nunique() < 2:
        return None
    chosen = shown_compounds([both], _COMPOUNDS_OF_CELLS)
    both = both[both[COMPOUND].isin(chosen)].reset_index(drop=True)
    joint = profile_map(both, seed=seed)
    if joint.points["x"].isna().all():
        return None
    alone = {
        kind: profile_map(both[both[RELEVANCE] == kind], seed=seed, draw=False).silhouette
        for kind in (RELEVANT, IRRELEVANT)
    }
    points = joint.points.assign(filled=joint.points[RELEVANCE] == RELEVANT)
    said = f"relevant {number(alone[RELEVANT], 2)}, irrelevant {number(alone[IRRELEVANT], 2)}"
    return map_drawing(
        "relevance-map",
        {f"Cells by attention\nsilhouette of compounds: {said}": points},
        caption="Filled: cells of the tenth of their well that the net attends to most; open: of "
        "the tenth it attends to least. The paper finds the first apart by compound and the second "
        "together (Fig. 3c), and does not say that its net had not seen them; here it had not.",
        alt=f"Map of relevant and irrelevant cells; silhouette of compounds: {said}.",
    )


def silhouettes_table(silhouettes: pd.DataFrame) -> Table:
    """The mean over nets of each kind of profile."""
    means = silhouettes[silhouettes["fold"] == MEAN]
    shown = pd.DataFrame(
        {
            "Profiles": means["profiles"],
            "Compounds": means["n_compounds"],
            "n": means["n_profiles"],
            "Silhouette": means["silhouette"].map(number),
            "SD over nets": means["silhouette_sd"].map(number),
            "": means["reason"],
        }
    )
    return table_of(
        shown,
        "Silhouette of compounds over principal components, in the space of each net, mean over "
        "nets. Tables of wells are over the same wells, tables of cells over the same cells.",
    )


def nearest_table(nearest: pd.DataFrame) -> Table:
    """The nearest compounds of each."""
    rows = []
    for (fold, name), part in nearest.groupby([FOLD, COMPOUND], sort=False):
        known = part[part["neighbour"].notna()].sort_values("rank")
        texts = [f"{row.neighbour} ({number(row.cosine, 2)})" for row in known.itertuples()]
        said = ", ".join(texts) or part["reason"].iloc[0]
        rows.append((str(name), str(fold), said, str(part["among"].iloc[0])))
    return Table(
        caption="Nearest compounds by the cosine of mean set embeddings, less the plate's controls."
        " A compound is compared with those that the same net held out"
        + (f"; the first {_ROWS}, all in neighbours.csv." if len(rows) > _ROWS else "."),
        headings=("Compound", "Fold", "Nearest (cosine)", "Of"),
        rows=tuple(rows[:_ROWS]),
        right=frozenset({1, 3}),
    )


def replicates_table(replicates: Mapping[str, pd.DataFrame]) -> Table:
    """How many treatments each kind of profile tells from controls."""
    rows = []
    for name, found in replicates.items():
        known = found[found["map"].notna()]
        active = int((known["q"] < _LEVEL).sum())
        middle = known["normalized_map"].median() if len(known) else np.nan
        rows.append((name, str(len(found)), str(len(known)), number(middle), str(active)))
    return Table(
        caption="Replicates found among negative controls (mAP, copairs): treatments, those where "
        f"it is defined, the median normalised mAP (0 is chance), and how many have q < {_LEVEL}.",
        headings=("Profiles", "Treatments", "Defined", "Median", "Found"),
        rows=tuple(rows),
        right=frozenset({1, 2, 3, 4}),
    )


def treatments_table(found: pd.DataFrame) -> Table:
    """The treatments that are best told from controls by the set encoder."""
    known = found[found["map"].notna()]
    known = known.sort_values(["p", TREATMENT], kind="stable").head(_ROWS)
    lost = int(found["map"].isna().sum())
    reasons = found.loc[found["reason"] != "", "reason"].value_counts()
    told = "; ".join(f"{counted(count, 'treatment')}: {why}" for why, count in reasons.items())
    columns = {TREATMENT: "Treatment", "n_replicates": "Wells", "map": "mAP"}
    columns |= {"normalized_map": "Normalised", "p": "p", "q": "q"}
    return table_of(
        known[list(columns)],
        "Treatments by the set encoder, the surest first."
        + (f" Undefined for {lost} ({told})." if lost else ""),
        columns,
    )


def targets_table(targets: pd.DataFrame) -> Table:
    """Targets by how well their compounds find each other."""
    shown = targets.sort_values(["p", TARGET], kind="stable").head(_ROWS)
    columns = {TARGET: "Target", FOLD: "Fold", "n_compounds": "Compounds", "map": "mAP"}
    columns |= {"normalized_map": "Normalised", "p": "p", "q": "q", "reason": "Undefined because"}
    return table_of(
        shown[list(columns)], "Compounds of one target found among those of others.", columns
    )


def _write(
    asked: ExplainInput,
    found: NamedProfiles,
    silhouettes: pd.DataFrame,
    nearest: pd.DataFrame,
    replicates: Mapping[str, pd.DataFrame],
    targets: pd.DataFrame,
) -> None:
    write_parquet(found.wells[SETS], asked.output, "profiles")
    write_parquet(found.wells[POOLED], asked.output, "profiles_pooled")
    every = [table.assign(profiles=name) for name, table in replicates.items()]
    tables = {"silhouettes": silhouettes, "neighbours": nearest, "target_map": targets}
    tables["replicate_map"] = pd.concat(every, ignore_index=True)
    for name, table in tables.items():
        write_csv(table.assign(simulated=asked.simulated), asked.output, name)
