"""Shards by workers of Apache Beam: the same files as `shard_writing` makes in one process."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cellscreen.records.shard_writing import (
    Records,
    ShardCut,
    Written,
    publish_shards,
    size_of,
    write_part,
)

if TYPE_CHECKING:
    import apache_beam as beam


def write_shards_on_beam(
    units: beam.PTransform, template: Any, options: Any = None, runner: Any = None
) -> Written:
    """Runs a pipeline that converts fields and writes their records.

    Args:
        units: gives `Records`, of each field once, in any order.
        template: TFDS' template of the shards' paths.
        options: Beam's pipeline options; None for its own.
        runner: Beam's runner; None for that of the options.
    """
    import apache_beam as beam

    folder = Path(template.data_dir)
    with beam.Pipeline(runner=runner, options=options) as pipeline:
        records = pipeline | units
        shards = records | beam.Map(_sized) | beam.combiners.ToList() | beam.Map(_cut)
        (
            records
            | "Shard" >> beam.Map(_in_shard, beam.pvalue.AsSingleton(shards))
            | beam.GroupByKey()
            | "Write" >> beam.Map(functools.partial(_write, folder))
        )
    return publish_shards(template)


def _sized(unit: Records) -> tuple[int, int]:
    return unit[0], size_of(unit[1])


def _cut(sizes: Iterable[tuple[int, int]]) -> dict[int, int]:
    """The shard of each field, by its rank."""
    cut = ShardCut()
    return {rank: cut.shard_of(size) for rank, size in sorted(sizes)}


def _in_shard(unit: Records, shards: Mapping[int, int]) -> tuple[int, Records]:
    return shards[unit[0]], unit


def _write(folder: Path, numbered: tuple[int, Iterable[Records]]) -> None:
    number, units = numbered
    write_part(folder, number, units)
