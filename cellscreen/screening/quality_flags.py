"""Quality flags beside scores: carried along and told of, never acted upon."""

from __future__ import annotations

import pandas as pd

from cellscreen.errors import ScoreError

COLUMN = "Metadata_quality_flags"


def with_quality_flags(scores: pd.DataFrame, quality: pd.DataFrame) -> pd.DataFrame:
    """Adds to each scored image the flags that `cellscreen check --deep` gave it.

    Args:
        scores: a score table of level image.
        quality: `key, channel, flags`, a row an image; flags with semicolons, "" for none.

    Returns:
        The table with `Metadata_quality_flags`: flags of all channels of the image.

    Raises:
        ScoreError: an image was not checked.

    Example:
        >>> scored = pd.DataFrame({"key": ["P/A01/1"]})
        >>> checked = pd.DataFrame({"key": ["P/A01/1"], "channel": [""], "flags": ["saturated"]})
        >>> with_quality_flags(scored, checked)["Metadata_quality_flags"].tolist()
        ['saturated']
    """
    flags = quality.groupby("key")["flags"].agg(_joined)
    missing = scores.loc[~scores["key"].isin(flags.index), "key"]
    if len(missing):
        raise ScoreError(
            f"Expected the quality of every scored image; {len(missing)} have none, such as "
            f"{missing.iloc[0]}.",
            fix="Run `cellscreen check --deep --output` on the same images.",
        )
    return scores.assign(**{COLUMN: scores["key"].map(flags)})


def flagged(scores: pd.DataFrame) -> list[str]:
    """Returns a line on images with quality flags, if the table knows of any."""
    if COLUMN not in scores:
        return []
    rows = scores[scores[COLUMN].fillna("").astype(str) != ""]
    if rows.empty:
        return []
    wells = (rows["Metadata_Plate"].astype(str) + "/" + rows["Metadata_Well"].astype(str)).unique()
    shown = ", ".join(wells[:10]) + (f" and {len(wells) - 10} more" if len(wells) > 10 else "")
    return [
        f"{len(rows)} of {len(scores)} images have quality flags and vote all the same: {shown}."
    ]


def _joined(flags: pd.Series) -> str:
    return ";".join(sorted({flag for text in flags for flag in text.split(";") if flag}))
