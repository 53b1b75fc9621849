"""The flags of records of cells: how they are found, cut out and measured."""

from __future__ import annotations

import dataclasses
import typing
from typing import TYPE_CHECKING, Any

from absl import flags

from cellscreen.cells.segment_config import SegmentConfig
from cellscreen.fitting.flags import field_comments

if TYPE_CHECKING:
    from cellscreen.records.record_config import RecordConfig

_CHANNELS = "Channels whose median is the only plane, as Mito,AGP,RNA; empty: all channels."
_FLOWS = "Flows of cells: the method's own (Cellpose's, else none), or made from their labels."
_GROUPS = "Groups of features of each cell, as shape,levels; empty: all."


def define_record_flags(values: flags.FlagValues) -> None:
    """Defines a flag for every field of `RecordConfig`; without a flag, the dataset's way holds."""
    for name, annotation in typing.get_type_hints(SegmentConfig).items():
        about = f"Cells: {field_comments(SegmentConfig)[name]}."
        define = flags.DEFINE_string if annotation is str else flags.DEFINE_float
        define(name, None, about, flag_values=values)
    flags.DEFINE_integer("crop_size", None, "Side of a crop, px.", flag_values=values)
    flags.DEFINE_enum(
        "crop_border", None, ["pad", "exclude"], "Crops beyond the field.", flag_values=values
    )
    flags.DEFINE_boolean(
        "mask_neighbours", None, "Whether other cells' pixels become 0.", flag_values=values
    )
    flags.DEFINE_list("feature_groups", None, _GROUPS, flag_values=values)
    flags.DEFINE_enum("flows", None, ["method", "from_labels"], _FLOWS, flag_values=values)
    flags.DEFINE_list("median_of", None, _CHANNELS, flag_values=values)
    flags.DEFINE_float(
        "max_failed",
        None,
        "Share of a plate's fields that may fail; they are listed in failures.csv.",
        flag_values=values,
    )


def record_config(values: flags.FlagValues, usual: RecordConfig) -> RecordConfig | None:
    """The config that the flags say; None where none of them was given.

    Args:
        values: parsed flags.
        usual: what holds for fields that no flag was given for.

    Raises:
        ConfigError: a value that cannot work.
    """
    segment = _given(values, usual.segment)
    for one, other in (("diameter_px", "diameter_um"), ("diameter_um", "diameter_px")):
        if one in segment:  # it stands for the dataset's, in whichever unit that is
            segment.setdefault(other, None)
    crops, own = _given(values, usual.crops), _given(values, usual)
    if not (segment or crops or own):
        return None
    lists = {name: tuple(value) for name, value in own.items() if isinstance(value, list)}
    return dataclasses.replace(
        usual,
        segment=dataclasses.replace(usual.segment, **segment),
        crops=dataclasses.replace(usual.crops, **crops),
        **(own | lists),
    )


def _given(values: flags.FlagValues, config: Any) -> dict[str, Any]:
    names = [field.name for field in dataclasses.fields(config) if field.name in values]
    return {name: values[name].value for name in names if values[name].value is not None}
