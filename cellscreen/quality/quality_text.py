"""The quality of plates as text: typical values, effects of the place, wells to look at."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator

import pandas as pd

from cellscreen.quality.position_effects import all_effects
from cellscreen.quality.text_table import aligned
from cellscreen.quality.well_quality import channel_summary, suspicious_wells, well_medians

WELLS, EFFECTS = 12, 8
_WIDTH = 92
_NOTE = "  They may be the layout's own: a dose that rises with the column is one."


def describe_quality(quality: pd.DataFrame) -> Iterator[str]:
    """Yields blocks of text on a deep check.

    Args:
        quality: of `well_quality.quality_table`.
    """
    summary = channel_summary(quality).rename(columns={"Metadata_Plate": "plate"})
    yield f"Quality: medians over images\n{aligned(_rounded(summary))}"
    effects = all_effects(well_medians(quality))
    clear = effects[effects["is_clear"]]
    if len(clear):
        yield _effects(clear)
    wells = suspicious_wells(quality)
    if len(wells):
        yield "\n".join([f"Suspicious wells ({len(wells)}), flagged and kept", *_wells(wells)])


def _effects(clear: pd.DataFrame) -> str:
    """The strongest place of each plate, channel and measure."""
    keys = ["Metadata_Plate", "channel", "measure"]
    order = clear["effect"].abs().sort_values(ascending=False, kind="stable").index
    first = clear.loc[order].drop_duplicates(keys)
    shown = first.head(EFFECTS)[[*keys, "place", "median", "median_rest", "effect"]]
    shown = shown.rename(columns={"Metadata_Plate": "plate", "median_rest": "rest"})
    more = f"\n  … and {len(first) - EFFECTS} more" if len(first) > EFFECTS else ""
    title = "Effects of the place, in robust standard deviations; the strongest of each measure"
    return f"{title}\n{aligned(_rounded(shown))}{more}\n{_NOTE}"


def _wells(wells: pd.DataFrame) -> Iterator[str]:
    for row in wells.head(WELLS).to_dict("records"):
        place = f"{row['Metadata_Plate']} {row['Metadata_Well']}"
        yield f"  {place}: {row['flagged']} of {row['images']} images: {row['flags']}"
        yield textwrap.indent(
            textwrap.shorten(row["reasons"], 2 * _WIDTH, placeholder=" …"), "    "
        )
    if len(wells) > WELLS:
        yield f"  … and {len(wells) - WELLS} more"


def _rounded(frame: pd.DataFrame) -> pd.DataFrame:
    numbers = frame.select_dtypes("float").columns
    return frame.assign(**{name: frame[name].map(_four) for name in numbers})


def _four(value: float) -> str:
    return "undefined" if pd.isna(value) else f"{value:.4g}"
