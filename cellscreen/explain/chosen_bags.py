"""Which bags and compounds are shown: those of the clearest answers, and by a rule, not by eye."""

from __future__ import annotations

import numpy as np
import pandas as pd

from cellscreen.explain.explain_input import ExplainInput
from cellscreen.plates.columns import CONTROL_TYPE, PREFIX
from cellscreen.screening.scores import score_column

COMPOUND = PREFIX + "pert_iname"


def shown_scores(asked: ExplainInput) -> pd.DataFrame:
    """The score that curves and orders follow.

    Of two classes it is that of the positive one; of several that of a bag's own class, and bags of
    unknown class have none.

    Returns:
        The rows of `scores` that have one, with `shown` and `shown_sd`, float.
    """
    columns = [score_column(asked.task, name) for name in asked.classes]
    if len(columns) <= 2:
        own = columns[-1]
        return asked.scores.assign(
            shown=asked.scores[own].astype(float), shown_sd=asked.scores[f"{own}_sd"].astype(float)
        )
    labels = asked.scores["key"].map(asked.manifest.set_index("key")["label"]).fillna(-1)
    known = asked.scores[labels.ge(0).to_numpy()]
    at = (np.arange(len(known)), labels[labels >= 0].astype(int).to_numpy())
    deviations = [f"{name}_sd" for name in columns]
    return known.assign(
        shown=known[columns].to_numpy(float)[at], shown_sd=known[deviations].to_numpy(float)[at]
    )


def clearest_bags(asked: ExplainInput, count: int) -> list[int]:
    """Rows of bags with the highest and the lowest shown scores, each of another compound.

    Returns:
        At most `count` rows of `index.bags` with cells: first the highest, falling; then the
        lowest, falling.
    """
    scores = shown_scores(asked).sort_values(["shown", "key"], ascending=[False, True])
    explained = asked.manifest.iloc[asked.held_out]
    scores = scores[scores["key"].isin(explained["key"])]
    named = scores[COMPOUND] if COMPOUND in scores else scores["key"]
    first = (count + 1) // 2
    highest = scores[~named.duplicated()].head(first)
    rest = scores[~named.isin(named.loc[highest.index])]
    other = named.loc[rest.index].duplicated(keep="last")
    lowest = rest[~other].tail(count - first)
    rows = dict(zip(asked.manifest["key"], range(len(asked.manifest)), strict=True))
    return [rows[key] for key in (*highest["key"], *lowest["key"])]


def clearest_compounds(asked: ExplainInput, count: int) -> list[str]:
    """The compounds with the highest and the lowest mean of their treated bags' shown scores."""
    scores = shown_scores(asked)
    if COMPOUND not in scores:
        return []
    if CONTROL_TYPE in scores and scores[CONTROL_TYPE].eq("trt").any():
        scores = scores[scores[CONTROL_TYPE].eq("trt")]
    named = scores[scores[COMPOUND].fillna("").astype(str) != ""]
    means = named.groupby(COMPOUND)["shown"].mean().sort_values(ascending=False, kind="stable")
    names = [str(name) for name in means.index]
    if len(names) <= count:
        return names
    first = (count + 1) // 2
    return names[:first] + names[len(names) - (count - first) :]


def fullest_field(asked: ExplainInput, row: int) -> int:
    """The field of a bag with the most cells, a row of `fields`; the first of equal ones."""
    fields = asked.index.of_bag[row]
    return int(fields[int(asked.index.fields["cells"].to_numpy()[fields].argmax())])


def bag_name(asked: ExplainInput, row: int) -> str:
    """What a bag is called in titles: well and plate, compound and dose.

    Example:
        >>> bag_name(asked, 0)  # doctest: +SKIP
        'A01 of P1, betrixaban 10 µM'
    """
    bag = asked.index.bags.iloc[row]
    where = f"{bag.get(PREFIX + 'Well', bag['key'])} of {bag.get(PREFIX + 'Plate', '')}"
    compound, dose = bag.get(COMPOUND), bag.get(PREFIX + "concentration_um")
    what = "" if compound is None or pd.isna(compound) else str(compound)
    if what and dose is not None and not pd.isna(dose):
        what += f" {float(dose):g} µM"
    return f"{where}, {what}" if what else where
