"""What a report is made from: computed tables, read from the files of the other verbs."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from cellscreen.errors import ConfigError, DataError
from cellscreen.plates.columns import CONDITION, HOURS, PREFIX, SIMULATED
from cellscreen.plates.table import read_plate_table
from cellscreen.report.prepared import Check, PreparedPlate, read_check, read_prepared
from cellscreen.report.runs import Run, read_run
from cellscreen.screening.hits import read_votes
from cellscreen.screening.truth import read_truth
from cellscreen.screening.votes import VoteResult
from cellscreen.simulate.oracle import ORACLE_FILE, group_aucs, read_oracle
from cellscreen.training.sweeps.table import SweepTable, read_sweep

_CELL_LINE = PREFIX + "cell_line"


@dataclasses.dataclass(frozen=True)
class ReportData:
    """Everything that sections draw from; each part may be absent.

    Attributes:
        runs: finished trainings.
        images: plate tables by the name of their folder.
        votes: the vote of both experts.
        oracle_votes: the vote of the simulation's oracle on the same screen.
        truth: a row a compound of a simulated screen: pert_iname, kind and more.
        oracle_aucs: the oracle's AUC by cell line and hours (`group_aucs`).
        doses: figures of dose and controls, a row a figure, in any columns.
        sweeps: tables of many trainings, some with a paper's figures beside.
        plates: what was measured of prepared plates.
        checks: suspicious wells.
    """

    runs: tuple[Run, ...] = ()
    images: tuple[tuple[str, pd.DataFrame], ...] = ()
    votes: VoteResult | None = None
    oracle_votes: VoteResult | None = None
    truth: pd.DataFrame | None = None
    oracle_aucs: pd.DataFrame | None = None
    doses: pd.DataFrame | None = None
    sweeps: tuple[SweepTable, ...] = ()
    plates: tuple[PreparedPlate, ...] = ()
    checks: tuple[Check, ...] = ()

    @property
    def simulated_parts(self) -> list[str]:
        """The parts that rest on simulated images, by name."""
        parts = [f"run {run.name}" for run in self.runs if run.simulated]
        parts += [f"sweep {sweep.name}" for sweep in self.sweeps if sweep.simulated]
        parts += [f"images {name}" for name, table in self.images if is_simulated(table)]
        parts += [f"plate {plate.name}" for plate in self.plates if is_simulated(plate.table)]
        parts += [f"check {check.name}" for check in self.checks if is_simulated(check.table)]
        if any(votes is not None and votes.simulated for votes in (self.votes, self.oracle_votes)):
            parts.append("ranked compounds")
        if self.doses is not None and is_simulated(self.doses):
            parts.append("dose figures")
        if self.truth is not None and not parts:
            parts.append("truth of a simulation")
        return parts

    @property
    def leaky_runs(self) -> list[str]:
        """The runs and sweeps whose folds share wells, by name."""
        runs = [run.name for run in self.runs if run.leaky]
        return runs + [sweep.name for sweep in self.sweeps if sweep.leaky]


def is_simulated(table: pd.DataFrame) -> bool:
    """Whether any row of a table says that it is simulated."""
    named = [column for column in (SIMULATED, "simulated") if column in table]
    return any(
        table[column].astype(str).str.lower().isin(["true", "yes"]).any() for column in named
    )


def read_report_data(
    *,
    runs: Sequence[str | Path] = (),
    images: Sequence[str | Path] = (),
    votes: str | Path | None = None,
    oracle_votes: str | Path | None = None,
    truth: str | Path | None = None,
    doses: str | Path | None = None,
    sweeps: Sequence[str | Path] = (),
    plates: Sequence[str | Path] = (),
    checks: Sequence[str | Path] = (),
) -> ReportData:
    """Reads what a report shall show; every part may be left out, but not all.

    Args:
        runs: run folders of finished trainings.
        images: folders of images with a plate table.
        votes: a folder that `cellscreen vote` wrote, or the hits.csv in it.
        oracle_votes: the same of the simulation's oracle.
        truth: truth.csv of a simulated screen.
        doses: a CSV of dose figures, a row a figure; its first column names the row.
        sweeps: folders that `cellscreen train-edges --sweep=…` wrote.
        plates: root folders of prepared plates, as given to `cellscreen build`.
        checks: folders that `cellscreen check --deep --output` wrote.

    Raises:
        ConfigError: nothing is given, a truth without votes, or an unfinished run.
        CellscreenError: a file is missing or is not what it should be; names it.
    """
    if not (runs or images or votes or oracle_votes or doses or sweeps or plates or checks):
        raise ConfigError(
            "Expected something to report on, got nothing.",
            fix="Give --runs, --sweeps, --images, --plates, --checks, --hits or --dose.",
        )
    if (truth or oracle_votes) and not votes:
        raise ConfigError(
            "Expected --hits beside --truth or --oracle_hits: both are shown beside a vote.",
            fix="Give the folder of `cellscreen vote` too.",
        )
    tables = [(Path(folder), read_plate_table(folder)) for folder in images]
    return ReportData(
        runs=_distinct([read_run(folder) for folder in runs]),
        images=tuple((folder.name or str(folder), table) for folder, table in tables),
        votes=_read_votes(votes),
        oracle_votes=_read_votes(oracle_votes),
        truth=read_truth(truth) if truth else None,
        oracle_aucs=_read_oracle_aucs(tables),
        doses=_read_doses(Path(doses)) if doses else None,
        sweeps=tuple(read_sweep(folder) for folder in sweeps),
        plates=tuple(plate for root in plates for plate in read_prepared(root)),
        checks=tuple(map(read_check, checks)),
    )


def _distinct(runs: list[Run]) -> tuple[Run, ...]:
    """Names runs of one name by their parents too: `ac16/plain`."""
    names = [run.name for run in runs]
    return tuple(
        dataclasses.replace(run, name="/".join(run.folder.resolve().parts[-2:]))
        if names.count(run.name) > 1
        else run
        for run in runs
    )


def _read_votes(path: str | Path | None) -> VoteResult | None:
    if not path:
        return None
    path = Path(path)
    return read_votes(path if path.is_dir() else path.parent)


def _read_oracle_aucs(tables: list[tuple[Path, pd.DataFrame]]) -> pd.DataFrame | None:
    """Returns the oracle's AUCs of every simulated folder of labelled cultures."""
    parts = [
        group_aucs(table, read_oracle(folder))
        for folder, table in tables
        if (folder / ORACLE_FILE).is_file() and _has_labelled_groups(table)
    ]
    return pd.concat(parts, ignore_index=True) if parts else None


def _has_labelled_groups(table: pd.DataFrame) -> bool:
    by = [_CELL_LINE, HOURS]
    if any(column not in table for column in (*by, CONDITION)):
        return False
    return bool((table.groupby(by)[CONDITION].nunique() == 2).all())


def _read_doses(path: Path) -> pd.DataFrame:
    try:
        doses = pd.read_csv(path)
    except (OSError, ValueError) as error:
        raise DataError(f"Expected dose figures as CSV: {error}.", file=path) from error
    if doses.empty:
        raise DataError("Expected dose figures as CSV, got no row.", file=path)
    return doses
