"""Attention maps over fields, and the most and least relevant cells of compounds."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import pandas as pd

from cellscreen.explain.attention_table import attention_table
from cellscreen.explain.cell_gallery import (
    COMPOUND,
    LEAST,
    MOST,
    gallery_cells,
    gallery_crops,
    montage,
)
from cellscreen.explain.chosen_bags import (
    bag_name,
    clearest_bags,
    clearest_compounds,
    fullest_field,
)
from cellscreen.explain.explain_input import ExplainInput
from cellscreen.explain.field_view import field_view, size_of_pixels
from cellscreen.plates.columns import CONCENTRATION
from cellscreen.report.mid_pictures import attention_png, page_picture, sheet_png, write_png
from cellscreen.report.mid_tables import write_parquet
from cellscreen.report.section import Picture, Section, missing, render
from cellscreen.report.texts import concentration, counted, number
from cellscreen.screening.scores import score_column

KEY, TITLE = "attention", "Cells the net attends to"
TABLE = "attention"
_CROP_PX = 96


@dataclasses.dataclass(frozen=True)
class Shown:
    """A picture with what stands below it."""

    what: str
    figures: str
    picture: Picture


def explained_cells(asked: ExplainInput) -> pd.DataFrame:
    """The attention of all held-out cells, computed once for all sections."""
    return asked.once(TABLE, lambda: attention_table(asked))


def attention_section(asked: ExplainInput) -> Section:
    """Draws attention maps and galleries, and writes `attention.parquet` and the PNGs."""
    cells = explained_cells(asked)
    if cells.empty:
        return missing(KEY, TITLE, "no bag with cells was held out by any fold.")
    write_parquet(cells, asked.output, TABLE)
    maps = [
        attention_map(asked, cells, row) for row in clearest_bags(asked, asked.config.map_fields)
    ]
    compounds = clearest_compounds(asked, asked.config.gallery_compounds)
    return Section(
        KEY,
        TITLE,
        render(
            "mid_attention.html",
            maps=maps,
            galleries=galleries(asked, cells, compounds),
            gallery_cells=asked.config.gallery_cells,
            over=asked.config.attention_over,
            sets=asked.config.attention_sets,
            set_crops=asked.set_crops,
            channels=list(asked.index.channels),
            bags=cells["row"].nunique(),
            cells=len(cells),
        ),
        simulated=asked.simulated,
    )


def attention_map(asked: ExplainInput, cells: pd.DataFrame, row: int) -> Shown:
    """Draws one field of a bag with the attention of its cells (MID, Fig. 3b)."""
    field = fullest_field(asked, row)
    view = field_view(asked, row, field)
    mine = cells[(cells["row"] == row) & (cells["field"] == field)]
    what = bag_name(asked, row)
    png = attention_png(view.picture, mine, "attention", view.um_per_px, said(asked, what))
    write_png(png, asked.output / "attention_maps", f"{row:05d}")
    spread = [number(value, 2) for value in (mine["attention"].min(), mine["attention"].max())]
    figures = [score_text(asked, row), f"fold {asked.fold_of(row)}", counted(len(mine), "cell")]
    text = "; ".join([*figures, f"attention {' to '.join(spread)}"]) + "."
    text += f" {view.note}" if view.note else ""
    alt = f"Field of {what} with a dot a cell, coloured by attention: {text}"
    return Shown(what, text, page_picture(png, alt))


def galleries(asked: ExplainInput, cells: pd.DataFrame, compounds: Sequence[str]) -> list[Shown]:
    """Draws the most and least relevant cells of compounds (MID, Fig. 3f-g)."""
    chosen = gallery_cells(cells, compounds, asked.config.gallery_cells)
    drawn = [compound for compound in compounds if (chosen[COMPOUND] == compound).any()]
    return [
        gallery(asked, chosen[chosen[COMPOUND] == compound], f"gallery_{place:02d}")
        for place, compound in enumerate(drawn)
    ]


def gallery(asked: ExplainInput, chosen: pd.DataFrame, name: str) -> Shown:
    """Draws the chosen cells of one compound, the most relevant ones left.

    Args:
        asked: what is explained.
        chosen: of `gallery_cells`, one compound's.
        name: of the PNG.
    """
    crops, size = gallery_crops(asked, chosen), asked.index.crop_size
    counts = [int((chosen["side"] == side).sum()) for side in (MOST, LEAST)]
    sheet = montage(crops, asked.index.channels, counts)
    dose = concentration(chosen[CONCENTRATION].iloc[0]) if CONCENTRATION in chosen else ""
    what = " ".join(text for text in (str(chosen[COMPOUND].iloc[0]), dose) if text)
    scale = max(1, round(_CROP_PX / size))
    title = said(asked, f"{what}: {counts[0]} most (left), {counts[1]} least attended (right)")
    um_per_px = size_of_pixels(asked)
    png = sheet_png(sheet, size, um_per_px, title, scale)
    write_png(png, asked.output / "galleries", name)
    means = chosen.groupby("side")["attention"].mean()
    figures = (
        f"mean attention {number(means[MOST], 2)} against {number(means[LEAST], 2)}; "
        f"{chosen['row'].nunique()} wells, folds {', '.join(map(str, sorted(set(chosen['fold']))))}"
    )
    return Shown(what, figures, page_picture(png, f"Cells of {what}: {figures}."))


def score_text(asked: ExplainInput, row: int) -> str:
    """The out-of-fold score of a bag, in words."""
    mine = asked.scores[asked.scores["key"] == asked.manifest["key"].iloc[row]]
    if mine.empty:
        return "not scored"
    column = score_column(asked.task, asked.positive)
    return f"score of {asked.positive} {number(mine[column].iloc[0])}"


def said(asked: ExplainInput, title: str) -> str:
    """A picture's title, which says that its cells are simulated where they are."""
    return f"{title} (SIMULATED)" if asked.simulated else title
