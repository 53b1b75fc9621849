"""A vote as files people read (Tables IV and V in form) and as text, and back from its files."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import pandas as pd

from cellscreen import atomic
from cellscreen.errors import ScoreError
from cellscreen.screening.config import VoteConfig
from cellscreen.screening.votes import ACTIVE, NO_VOTE, PAPER_RULE, VoteResult

HITS, DOSES, VOTES, SUMMARY = "hits.csv", "doses.csv", "votes.parquet", "votes.json"
_YES_NO = {True: "yes", False: "no"}
# Excel takes a CSV for UTF-8 only with this mark; pandas reads over it.
_MARK = "\ufeff"


def hits_table(result: VoteResult) -> pd.DataFrame:
    """Returns the ranked treatments under the headings of Table V, with what it leaves out.

    Number is the rank (empty without a vote). H9C2 and AC16 hold the mean hypoxia scores of the
    wells, lower is better; behind them stand controls, differences, intervals, p, q and verdict.
    """
    table, lines = result.table, result.lines
    out = {
        "Number": table["rank"],
        "Compounds": table["pert_iname"],
        "Concentration (µM)": table["concentration_um"],
    }
    out |= {line: table[f"{line}_score"].round(4) for line in lines}
    for line in lines:
        out[f"{line} control"] = table[f"{line}_control"].round(4)
        out[f"{line} difference"] = table[f"{line}_difference"].round(4)
        out[f"{line} difference, 95 % low"] = table[f"{line}_low"].round(4)
        out[f"{line} difference, 95 % high"] = table[f"{line}_high"].round(4)
        out[f"{line} p"] = _digits(table[f"{line}_p"])
        out[f"{line} wells"] = table[f"{line}_n_wells"]
        out[f"{line} images"] = table[f"{line}_n_images"]
    out["p (larger of both)"] = _digits(table["p"])
    out["q (Benjamini-Hochberg)"] = _digits(table["q"])
    out["Both below control (paper's rule)"] = table["paper_active"].map(_YES_NO)
    out[f"q within {result.config.fdr:g}"] = table["bh_active"].map(_YES_NO)
    out["Verdict"] = table["verdict"]
    out["Reason for no vote"] = table["reason"]
    if result.simulated:
        out["Simulated"] = table["simulated"].map(_YES_NO)
    return pd.DataFrame(out)


def dose_table(result: VoteResult) -> pd.DataFrame:
    """Returns mean scores by concentration (Table IV): a row a compound and cell line.

    Only compounds with several concentrations are in it; empty if there is none.
    """
    table = result.table
    doses = table.groupby("pert_iname")["concentration_um"].transform("nunique")
    parts = [
        table[doses > 1]
        .rename(columns={f"{line}_score": "score"})
        .assign(**{"Cell line": line})
        .dropna(subset="score")
        for line in result.lines
    ]
    index = ["pert_iname", "Cell line"]
    wide = pd.concat(parts).pivot(index=index, columns="concentration_um", values="score")
    wide.columns = pd.Index([f"{dose:g} µM" for dose in wide.columns])
    wide = wide.round(4).reset_index().rename(columns={"pert_iname": "Compounds"})
    return wide.assign(Simulated="yes") if result.simulated else wide


def write_votes(result: VoteResult, folder: str | Path) -> dict[str, Path]:
    """Writes a vote and returns its files by name.

    hits.csv (for people, `hits_table`), doses.csv (`dose_table`; only with several
    concentrations), votes.parquet (`VoteResult.table`) and votes.json (warnings, controls,
    config). A doses.csv of an earlier vote is removed if this one has none.
    """
    folder = Path(folder)
    paths = {name: folder / name for name in (HITS, VOTES, SUMMARY)}
    atomic.write_text(paths[HITS], _MARK + hits_table(result).to_csv(index=False))
    with atomic.replacing(paths[VOTES]) as temporary:
        result.table.to_parquet(temporary, index=False)
    doses = dose_table(result)
    if doses.empty:
        (folder / DOSES).unlink(missing_ok=True)
    else:
        paths[DOSES] = folder / DOSES
        atomic.write_text(paths[DOSES], _MARK + doses.to_csv(index=False))
    summary = {
        "lines": result.lines,
        "simulated": result.simulated,
        "verdicts": result.table["verdict"].value_counts().to_dict(),
        "warnings": result.warnings,
        "paper_rule": PAPER_RULE,
        "controls": result.controls.to_dict(orient="records"),
        "config": dataclasses.asdict(result.config),
    }
    atomic.write_text(paths[SUMMARY], json.dumps(summary, indent=2, ensure_ascii=False) + "\n")
    return paths


def read_votes(folder: str | Path) -> VoteResult:
    """Reads the vote that `write_votes` put into `folder`.

    Raises:
        ScoreError: a file of it is missing.
    """
    folder = Path(folder)
    for name in (VOTES, SUMMARY):
        if not (folder / name).is_file():
            raise ScoreError(
                f"Expected the files of a vote, got no {name}.",
                file=folder / name,
                fix="Make them with `cellscreen vote`.",
            )
    summary = json.loads((folder / SUMMARY).read_text(encoding="utf-8"))
    return VoteResult(
        table=pd.read_parquet(folder / VOTES),
        controls=pd.DataFrame(summary["controls"]),
        warnings=tuple(summary["warnings"]),
        lines=tuple(summary["lines"]),
        config=VoteConfig(**summary["config"]),
    )


def vote_text(result: VoteResult, rows: int = 25) -> str:
    """Returns the vote as text: counts, the best treatments, those without a vote, warnings.

    Args:
        result: a vote.
        rows: how many treatments at most, though never fewer than are active.
    """
    table = result.table
    voted = table[table["verdict"] != NO_VOTE]
    active = int((voted["verdict"] == ACTIVE).sum())
    shown = voted.head(max(rows, active))
    lines = [
        ("SIMULATED DATA. " if result.simulated else "")
        + f"{len(voted)} treatments voted on: {active} active (both scores below control, "
        f"q <= {result.config.fdr:g}), {int(voted['paper_active'].sum())} pass the paper's rule.",
        PAPER_RULE,
        "",
        _ranking(shown, result.lines),
    ]
    if len(voted) > len(shown):
        lines.append(f"... and {len(voted) - len(shown)} more in {HITS}")
    for name, concentration, reason in result.not_voted.itertuples(index=False):
        lines.append(f"no vote: {name} {_dose(concentration)}: {reason}")
    lines += [f"warning: {warning}" for warning in result.warnings]
    return "\n".join(lines)


def _ranking(table: pd.DataFrame, lines: tuple[str, ...]) -> str:
    shown = pd.DataFrame({"": table["rank"], "compound": table["pert_iname"]})
    if table["concentration_um"].notna().any():
        shown["dose"] = table["concentration_um"].map(_dose)
    for line in lines:
        values = table[[f"{line}_{name}" for name in ("score", "difference", "low", "high")]]
        shown[f"{line} score, - control [95 %]"] = [
            f"{score:.3f} {difference:+.3f} [{low:+.3f}, {high:+.3f}]"
            for score, difference, low, high in values.itertuples(index=False)
        ]
    shown["p"] = [f"{p:.2g}" for p in table["p"]]
    shown["q"] = [f"{q:.2g}" for q in table["q"]]
    return shown.assign(verdict=table["verdict"]).to_string(index=False)


def _dose(concentration_um: float) -> str:
    return "" if pd.isna(concentration_um) else f"{concentration_um:g} µM"


def _digits(values: pd.Series) -> pd.Series:
    """Returns the values with three significant digits."""
    return values.map(lambda value: float(f"{value:.3g}"))
