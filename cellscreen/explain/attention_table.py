"""One table of all cells that were explained: where each lies, how far its net attends to it."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pandas as pd

from cellscreen.explain.attention import bag_attention, set_attention
from cellscreen.explain.explain_input import ExplainInput
from cellscreen.plates.columns import CONCENTRATION, CONTROL_TYPE, PREFIX, SIMULATED

_WELL = (PREFIX + "Plate", PREFIX + "Well", PREFIX + "pert_iname", CONCENTRATION, CONTROL_TYPE)


def attention_table(asked: ExplainInput, rows: Iterable[int] | None = None) -> pd.DataFrame:
    """Attention of the cells of held-out bags, each by the net that did not see it.

    Args:
        asked: what is explained, and whether over the bag or over sets.
        rows: of `index.bags`; None for all that a net held out and that have cells.

    Returns:
        A row a cell, in the order of the bags: `row` (of the bag), `cell` (its place in it),
        `key`, `fold`, `group`, `label`, `Metadata_*` of the well, `field_key`, `field` (row of
        `fields`), `x_px`, `y_px`, `object_id`, `attention`, `rollout`, `layer_0`…, and `rank`:
        the share of the bag's cells with less attention, 0 to 1.

    Example:
        >>> table = attention_table(asked)  # doctest: +SKIP
        >>> table.nlargest(6, "attention")[["key", "x_px", "y_px"]]  # doctest: +SKIP
    """
    rows = asked.held_out if rows is None else rows
    parts = [attended_bag(asked, int(row)) for row in rows]
    if not parts:
        return pd.DataFrame(columns=["row", "cell", "key", "attention", "rollout", "rank"])
    return pd.concat(parts, ignore_index=True)


def attended_bag(asked: ExplainInput, row: int) -> pd.DataFrame:
    """The cells of one bag, as `attention_table`."""
    net, config = asked.net(asked.fold_of(row)), asked.config
    embeddings = asked.embed(row)
    if config.attention_over == "bag":
        found = bag_attention(net, embeddings)
    else:
        seed = (asked.seed, row)
        sets = config.attention_sets
        found = set_attention(net, embeddings, asked.set_crops, sets, seed)
    places = cell_places(asked, row)
    said = asked.manifest.iloc[row]
    known = {name: said[name] for name in ("key", "fold", "group", "label") if name in said}
    known |= {name: said[name] for name in (*_WELL, SIMULATED) if name in said}
    return pd.concat(
        [
            pd.DataFrame({"row": row, "cell": np.arange(len(places))} | known),
            places,
            found,
            relative_rank(found["attention"]).rename("rank"),
        ],
        axis=1,
    )


def cell_places(asked: ExplainInput, row: int) -> pd.DataFrame:
    """Where the cells of a bag lie.

    Returns:
        A row a cell, in the order of the bag's crops: `field_key`, `field` (row of `fields`),
        `x_px`, `y_px`, `object_id`.
    """
    parts = []
    for number in asked.index.of_bag[row]:
        said = asked.fields.iloc[int(number)]
        centres = np.asarray(said["centres"], float).reshape(-1, 2)
        parts.append(
            pd.DataFrame(
                {
                    "field_key": said["key"],
                    "field": int(number),
                    "x_px": centres[:, 0],
                    "y_px": centres[:, 1],
                    "object_id": np.asarray(said["object_ids"], np.int64),
                }
            )
        )
    return pd.concat(parts, ignore_index=True)


def relative_rank(values: pd.Series) -> pd.Series:
    """The share of other values below each, 0 to 1, equal ones by their mean; NaN stays NaN.

    A single value is 0.5.

    Example:
        >>> relative_rank(pd.Series([3.0, 1.0, 2.0])).tolist()
        [1.0, 0.0, 0.5]
    """
    known = int(values.notna().sum())
    if known < 2:
        return values.where(values.isna(), 0.5)
    return (values.rank() - 1) / (known - 1)
