"""From the units of a plate to encoded records: in this process, or on Apache Beam.

A unit goes by its rank in the plate's order, so that records of a well lie side by side, whichever
worker makes them.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from cellscreen.errors import CellscreenError, RecordError
from cellscreen.images.threads import read_in_order
from cellscreen.records.encoding import Encoder
from cellscreen.records.failures import FAILED, NO_CELLS, note_field
from cellscreen.records.field_order import Sizes
from cellscreen.records.kinds import KINDS, Unit
from cellscreen.records.progress import told
from cellscreen.records.record_config import RecordConfig
from cellscreen.records.shard_writing import Records

if TYPE_CHECKING:
    import apache_beam as beam

Numbered = tuple[int, Unit]


@dataclass(frozen=True)
class Plan:
    """What every worker needs to know; small, and made of plain values.

    Attributes:
        kind: of record.
        config: how cells are found and cut out.
        sizes: width and height of each channel's images.
        units: how many units the plate has.
        folder: the prepared directory that is being made.
        at_once: whether the first failure ends all; else it is noted, and judged at the end.
    """

    kind: str
    config: RecordConfig
    sizes: Sizes
    units: int
    folder: str
    at_once: bool = False

    @property
    def plate(self) -> str:
        """The plate's name."""
        return Path(self.folder).parents[2].name


def convert_unit(plan: Plan, numbered: Numbered) -> Records:
    """Converts one unit; one that fails is noted and has no records.

    Args:
        plan: how.
        numbered: the unit's rank in the plate's order, and its rows.

    Raises:
        CellscreenError: the unit failed, and that ends all.
    """
    rank, unit = numbered
    try:
        examples = KINDS[plan.kind].examples(unit, plan.config, plan.sizes)
    except CellscreenError as error:
        if plan.at_once:
            raise
        note_field(Path(plan.folder), rank, unit[0], FAILED, str(error))
        return rank, []
    if not examples:
        note_field(Path(plan.folder), rank, unit[0], NO_CELLS, "No cell was found.")
    return rank, list(_encoder(plan.kind).encode(examples))


def converted(plan: Plan, units: Sequence[Unit]) -> Iterator[Records]:
    """Converts all units in threads of this process, in order, and tells how far it is.

    Raises:
        CellscreenError: a unit failed, and none may.
    """
    plan = replace(plan, at_once=plan.config.max_failed == 0)
    made = read_in_order(functools.partial(convert_unit, plan), enumerate(units))
    yield from told(made, plan.units, f"Plate {plan.plate}")


def converted_on_beam(plan: Plan, units: Sequence[Unit]) -> beam.PTransform:
    """The same as a Beam transform; what is pickled is `plan` and rows, never a model.

    A worker loads Cellpose's weights when it meets its first field, and keeps them.
    """
    import apache_beam as beam

    plain = [(rank, [dict(row) for row in unit]) for rank, unit in enumerate(units)]
    return (
        "Fields" >> beam.Create(plain)
        # Without it the runner hands the fields on in a few large bundles, and workers idle.
        | "Spread" >> beam.Reshuffle()
        | "Convert" >> beam.Map(functools.partial(convert_unit, plan))
    )


def no_records(plan: Plan) -> RecordError:
    """The error of a plate without any record."""
    return RecordError(
        f"None of the plate's {plan.units} fields gave a record of the kind {plan.kind}.",
        plate=plan.plate,
        fix="Look at the segmentation of a field, or at the images.",
    )


@functools.cache
def _encoder(kind: str) -> Encoder:
    return Encoder(KINDS[kind].features(), KINDS[kind].pixels)
