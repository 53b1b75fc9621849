"""The vote of two experts on each compound (hypoxia paper, II.D and III.F).

The paper keeps a compound if its mean hypoxia score lies below that of the control for both cell
lines. **That rule alone passes about a quarter of inactive compounds**: a compound that does
nothing scores below its control about half the time, so the rule is two coin flips. Of 5,000
inactive compounds it would keep some 1,250; in a single batch more or fewer, since all compounds
share the error of its control mean.

So the vote gives both: the paper's rule, and a verdict with an error rate. For each expert a
permutation test of "lower than control" over wells inside batches; of both p-values the larger,
a valid p for "lower in both lines" (an intersection-union test: Berger, Technometrics 1982);
Benjamini-Hochberg over the treatments.
"""

from __future__ import annotations

import dataclasses

import numpy as np
import pandas as pd
from statsmodels.stats.multitest import multipletests

from cellscreen.errors import ScoreError
from cellscreen.screening import cautions
from cellscreen.screening.config import VoteConfig
from cellscreen.screening.experts import COUNTS, MEASURES, expert_table
from cellscreen.screening.quality_flags import flagged
from cellscreen.screening.scores import score_column
from cellscreen.screening.wells import COMPOUND, CONTROL, DRUG, screen_wells

ACTIVE, PAPER_ONLY, INACTIVE, NO_VOTE = "active", "paper rule only", "inactive", "no vote"
PAPER_RULE = (
    "The paper's rule alone (both scores below their control) passes about a quarter of inactive "
    "compounds by chance: two coin flips."
)
# Means of equal scores may differ by this much.
_ROUNDING = 1e-12


@dataclasses.dataclass(frozen=True)
class VoteResult:
    """What the experts said.

    Attributes:
        table: a row a treatment (compound and concentration), ranked, those without a vote last:
            rank, pert_iname, concentration_um; for each cell line `<line>_score` (mean of
            wells), `_control` (mean of control wells of the same batches), `_difference`, `_low`
            and `_high` (its bootstrap 95 % interval), `_p` (one-sided), `_n_wells`, `_n_images`,
            `_n_controls`; p (the larger of both), q (Benjamini-Hochberg), paper_active (both
            below control), bh_active (q within the rate), verdict ("active": both rules;
            "paper rule only", "inactive", "no vote"), reason (why no vote), simulated.
        controls: a row a cell line and batch: n_wells, n_images, score, sd (over wells).
        warnings: what a reader of the table must know, a sentence each.
        lines: the cell lines, H9C2 before AC16 as in Table V.
        config: what was asked for.
    """

    table: pd.DataFrame
    controls: pd.DataFrame
    warnings: tuple[str, ...]
    lines: tuple[str, ...]
    config: VoteConfig

    @property
    def not_voted(self) -> pd.DataFrame:
        """The treatments without a vote: pert_iname, concentration_um, reason."""
        rows = self.table["verdict"] == NO_VOTE
        return self.table.loc[rows, [*COMPOUND, "reason"]].reset_index(drop=True)

    @property
    def simulated(self) -> bool:
        """Whether any of it rests on simulated images."""
        return bool(self.table["simulated"].any())


def vote(scores: pd.DataFrame, config: VoteConfig | None = None) -> VoteResult:
    """Lets both experts vote on each treatment.

    Args:
        scores: a score table of images or wells with both cell lines, each scored by its own
            expert (`join_scores` makes one of two), controls included.
        config: rates, draws and what is expected of the data.

    Returns:
        The ranked table with warnings.

    Raises:
        ScoreError: the table lacks what a vote needs; says which cell line, batch or well.

    Example:
        >>> experts = [read_scores("ac16.parquet"), read_scores("h9c2.parquet")]  # doctest: +SKIP
        >>> vote(join_scores(experts)).table.head()  # doctest: +SKIP
    """
    config = config or VoteConfig()
    wells = screen_wells(scores, score_column(config.task, config.positive))
    lines = tuple(sorted(wells["cell_line"].unique(), reverse=True))
    experts = expert_table(wells, config)
    table = _verdicts(_side_by_side(experts, _treatments(scores), lines), lines, config)
    controls = _controls(wells)
    warnings = [
        *cautions.left_out(scores),
        *flagged(scores),
        *cautions.few_controls(controls, config),
        *cautions.other_image_counts(experts, config),
        *cautions.single_wells(experts),
        *cautions.coarse_p(experts, config),
    ]
    return VoteResult(table, controls, tuple(warnings), lines, config)


def _treatments(scores: pd.DataFrame) -> pd.DataFrame:
    """Returns every compound and concentration of the table, whether it can be voted on or not."""
    treated = scores[scores["Metadata_control_type"] == DRUG]
    named = treated.reindex(columns=[f"Metadata_{name}" for name in COMPOUND])
    named.columns = pd.Index(COMPOUND)
    named["concentration_um"] = named["concentration_um"].astype(float)
    return named.dropna(subset="pert_iname").drop_duplicates()


def _side_by_side(
    experts: pd.DataFrame, treatments: pd.DataFrame, lines: tuple[str, ...]
) -> pd.DataFrame:
    """Returns a row a treatment with the measures of each line as `<line>_<measure>`."""
    table = treatments
    for line in lines:
        own = experts[experts["cell_line"] == line].set_index(COMPOUND)
        own = own[[*MEASURES, *COUNTS, "simulated"]].add_prefix(f"{line}_")
        table = table.merge(own.reset_index(), on=COMPOUND, how="left")
        counts = [f"{line}_{count}" for count in COUNTS]
        table[counts] = table[counts].fillna(0).astype("int64")
    flags = [f"{line}_simulated" for line in lines]
    simulated = table[flags].isin([True]).any(axis=1)
    return table.drop(columns=flags).assign(simulated=simulated)


def _verdicts(table: pd.DataFrame, lines: tuple[str, ...], config: VoteConfig) -> pd.DataFrame:
    """Adds p, q, both rules, verdict, reason and rank, and sorts."""
    scored = table[[f"{line}_score" for line in lines]].notna().to_numpy()
    voted = np.asarray(scored.all(axis=1))
    if not voted.any():
        raise ScoreError(
            f"Expected compounds with images of {' and '.join(lines)} at one concentration, got "
            "none.",
            fix="Check that pert_iname and concentration_um are written alike for both lines.",
        )
    differences = table[[f"{line}_difference" for line in lines]]
    p = table[[f"{line}_p" for line in lines]].max(axis=1, skipna=False)
    q = np.full(len(table), np.nan)
    q[voted] = multipletests(p[voted], method="fdr_bh")[1]
    lower = (differences < -_ROUNDING).all(axis=1)
    table = table.assign(p=p, q=q, paper_active=lower, bh_active=q <= config.fdr)
    both = table["paper_active"] & table["bh_active"]
    table["verdict"] = INACTIVE
    table.loc[table["paper_active"], "verdict"] = PAPER_ONLY
    table.loc[both, "verdict"] = ACTIVE
    table.loc[~voted, "verdict"] = NO_VOTE
    without = [" or ".join(np.array(lines)[~row]) for row in scored]
    table["reason"] = [f"no images of {line} in hypoxia" if line else "" for line in without]
    worse = differences.max(axis=1, skipna=False).where(voted)
    order = table.assign(voted=voted, worse=worse).sort_values(
        ["voted", "p", "worse", *COMPOUND], ascending=[False, True, True, True, True]
    )
    table = table.loc[order.index].reset_index(drop=True)
    rank = pd.Series(range(1, len(table) + 1), dtype="Int64").where(table["verdict"] != NO_VOTE)
    table.insert(0, "rank", rank)
    return table


def _controls(wells: pd.DataFrame) -> pd.DataFrame:
    groups = wells[wells["role"] == CONTROL].groupby(["cell_line", "batch"])
    counted = groups.agg(
        n_wells=("score", "size"),
        n_images=("n_images", "sum"),
        score=("score", "mean"),
        sd=("score", "std"),
    )
    return counted.reset_index()
