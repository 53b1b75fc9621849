"""The page of `cellscreen honesty`: what a net for single cells learned, and what it did not."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from cellscreen import atomic
from cellscreen.comparators.beside_table import with_interval
from cellscreen.comparators.honesty_config import WELL
from cellscreen.comparators.honesty_images import CalledImages
from cellscreen.comparators.honesty_tables import HonestyTables
from cellscreen.report.cell_ablation import ablation_section
from cellscreen.report.cell_balance import balance_section
from cellscreen.report.cell_bias import bias_section
from cellscreen.report.cell_confusion import confusion_section
from cellscreen.report.cell_honesty import honesty_section
from cellscreen.report.cell_levels import levels_section
from cellscreen.report.cell_section import cell_section
from cellscreen.report.page import Banner, render_page
from cellscreen.report.section import Section, missing
from cellscreen.report.texts import table_of
from cellscreen.votes.standings import LEVEL, RULE

_BANNER = Banner(
    "simulated",
    "SIMULATED DATA",
    "All plates are simulated: drawn cells, drawn compounds. This says how the net behaves where "
    "the truth is known, and nothing about real cells or compounds.",
)
_SANITY = (
    "Paper 002 asks whether features tell DMSO from compounds by a logistic regression, and "
    "reports an accuracy of 0.79. Beside it stand the share of the larger class, which is the "
    "accuracy of always saying that class, and an AUROC, for which 0.5 is chance whatever the "
    "shares are."
)
_SANITY_NAMES = {"split": "Split", "accuracy": "Accuracy", "auroc": "AUROC"}
_SANITY_NAMES |= {"majority_share": "Share of the larger class"}


def write_honesty(
    tables: HonestyTables, images: CalledImages | None, path: str | Path, *, simulated: bool
) -> None:
    """Writes the page of a study of honesty as one HTML file, whole or not at all.

    Args:
        tables: of the study.
        images: of its main run; None while that is not finished.
        path: of the page.
        simulated: whether any field is.

    Example:
        >>> write_honesty(tables, images, "honesty/index.html", simulated=True)  # doctest: +SKIP
    """
    sections = [
        _concluded(tables, simulated),
        _levels(tables, simulated),
        _bias(tables, images, simulated),
        _balance(tables, images, simulated),
        _ablation(tables, simulated),
        _confusion(tables, images, simulated),
        _sanity(tables, simulated),
        _limits(tables, simulated),
    ]
    title = f"What {tables.net} learned"
    page = render_page(title, sections, [_BANNER] if simulated else [])
    atomic.write_text(path, page)


def _concluded(tables: HonestyTables, simulated: bool) -> Section:
    if not len(tables.honesty):
        return missing("honesty", "What may be concluded", "no split is finished.")
    return honesty_section(tables.honesty, tables.lines, tables.differences, simulated=simulated)


def _levels(tables: HonestyTables, simulated: bool) -> Section:
    if not len(tables.honesty):
        return missing("levels", "From cells to compounds", "no split is finished.")
    rows = tables.honesty[tables.honesty["split"] == WELL]
    return levels_section(rows, _nets(rows, tables), simulated=simulated)


def _bias(tables: HonestyTables, images: CalledImages | None, simulated: bool) -> Section:
    if images is None:
        return missing("bias", "Where calls lean", "the split by well is not finished.")
    return bias_section(
        _chosen(tables.bias).drop(columns="model", errors="ignore"),
        _chosen(tables.classes),
        {"images, by majority": images.curve},
        reference=images.reference,
        simulated=simulated,
    )


def _balance(tables: HonestyTables, images: CalledImages | None, simulated: bool) -> Section:
    rows = _chosen(tables.balance)
    if not len(rows):
        return missing("balance", "Remedies for unequal classes", "none is finished.")
    reference = images.reference if images else ""
    return balance_section(rows, reference=reference, simulated=simulated)


def _ablation(tables: HonestyTables, simulated: bool) -> Section:
    rows = _chosen(tables.ablation)
    if not len(rows):
        return missing("ablation", "What each part of the net adds", "none is finished.")
    return ablation_section(rows, simulated=simulated)


def _confusion(tables: HonestyTables, images: CalledImages | None, simulated: bool) -> Section:
    if images is None:
        return missing("confusion", "What is taken for what", "the split by well is not finished.")
    largest = _chosen(tables.confusions)
    return confusion_section(images.counts, largest, simulated=simulated)


def _sanity(tables: HonestyTables, simulated: bool) -> Section:
    key, title = "sanity", "Do features tell controls from treated cells?"
    if not len(tables.sanity):
        return missing(key, title, "no split is finished, or the net has no table.")
    table = table_of(sanity_frame(tables.sanity), "Logistic regression on the net's table.")
    return cell_section(key, title, words=[_SANITY], tables=[table], simulated=simulated)


def sanity_frame(rows: pd.DataFrame) -> pd.DataFrame:
    """The sanity check as people read it, a row a split; what has no interval stands alone.

    Args:
        rows: `split, metric, value, low, high`.
    """
    texts = [with_interval(*ends) for ends in rows[["value", "low", "high"]].to_numpy(float)]
    wide = rows.assign(text=texts).pivot_table("text", "split", "metric", "first", sort=False)
    return wide.reset_index().rename(columns=_SANITY_NAMES)


def _limits(tables: HonestyTables, simulated: bool) -> Section:
    lines = [
        "Every net was trained once: intervals are over well positions, not over trainings.",
        "All nets ran all their epochs, none was stopped early or tuned on these plates.",
        *(f"Left out: {line}" for line in tables.left_out),
        *(f"Not finished. {line}" for line in tables.unfinished),
    ]
    if not pd.isna(tables.seconds):
        lines.append(f"All finished steps took {tables.seconds / 60:.0f} minutes.")
    return cell_section(
        "limits", "What these numbers cannot tell", lines=lines, simulated=simulated
    )


def _nets(rows: pd.DataFrame, tables: HonestyTables) -> list[str]:
    """The net, and LightGBM where it stands beside."""
    said = set(tables.lines["model"])
    return [name for name in dict.fromkeys(rows["model"]) if name in said]


def _chosen(table: pd.DataFrame) -> pd.DataFrame:
    """The rows of images by majority."""
    if not len(table):
        return table
    return table[(table["level"] == LEVEL) & (table["rule"] == RULE)]
