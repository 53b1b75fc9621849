"""A build of bags and of cells from end to end: fields a second, and where the time goes.

The plate is simulated: 9 sites and 3 channels of 1080², 16 bits, with about as many cells a field
as CPJUMP1; 24 fields are drawn, the others are links to them. Imports are not timed, and one well
was built before. Stages are counted in CPU time of the thread that works, each less those within
it, so that other jobs disturb them little.

    python benchmarks/records_build.py              # a minute
    python benchmarks/records_build.py --wells=2    # a quick look

It prints, and never asserts, times: machines differ, and other jobs run on them.
"""

from __future__ import annotations

import collections
import contextlib
import dataclasses
import functools
import os
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from unittest import mock

import pandas as pd
from absl import app, flags, logging

from cellscreen.cells.segment_config import SegmentConfig
from cellscreen.plates.table import read_plate_table
from cellscreen.records import bags, builder, cells, encoding, kinds, shard_writing
from cellscreen.records.build import build_plates
from cellscreen.records.record_config import RecordConfig
from cellscreen.records.shards import record_spans
from cellscreen.simulate.hcs_assays import CARDIOTOX
from cellscreen.simulate.hcs_config import CONFIGS, HcsConfig
from cellscreen.simulate.hcs_writing import simulate_plates

_WELLS = flags.DEFINE_integer("wells", 12, "Wells of 9 fields.", lower_bound=2)
CELLS_PER_MM2, SITES, DRAWN, SIZE_PX = 430, 9, 24, 1080
CONFIG = RecordConfig(segment=SegmentConfig(nuclei_channel="DNA"))
# The functions in which a build's time goes, where they are looked up.
STAGES: dict[str, list[tuple[Any, str]]] = {
    "usual diameter": [(builder, "with_plate_diameter")],
    "reading, SHA-256": [(kinds, "read_planes")],
    "segmentation": [(kinds, "find_cells")],
    "perceptual hash, metadata": [(bags, "field_example"), (cells, "field_example")],
    "crops": [(bags, "bags_example"), (cells, "cells_examples")],
    "features": [(cells, "measure_cells")],
    "serialising": [(encoding.Encoder, "encode")],
    "writing": [(shard_writing.Part, "add")],
    "checksums of shards": [(shard_writing, "file_digest")],
}


def main(argv: list[str]) -> None:
    """Builds both kinds and prints their profiles."""
    del argv
    logging.set_verbosity(logging.ERROR)
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        simulate_plates(plate_config(_WELLS.value), folder / "plate", "images_csv")
        table = read_plate_table(folder / "plate")
        for kind in ("bags", "cells"):
            profile_build(table, kind, folder / kind)


def plate_config(wells: int) -> HcsConfig:
    """One plate of so many wells."""
    usual = CONFIGS[CARDIOTOX]
    return dataclasses.replace(
        usual,
        assay=dataclasses.replace(usual.assay, cells_per_mm2=CELLS_PER_MM2),
        compounds=wells - 1,
        doses=1,
        replicates=1,
        control_wells=1,
        poscon_wells=0,
        sites=SITES,
        rendered_fields=min(DRAWN, wells * SITES),
        size_px=SIZE_PX,
    )


def profile_build(table: pd.DataFrame, kind: str, root: Path) -> None:
    """Builds a plate once to warm up, a well of it, and once with a clock in every stage."""
    first = table["Metadata_Well"].min()
    build_plates(table[table["Metadata_Well"] == first], root / "warm", "hcs", kind, config=CONFIG)
    with staged() as stages:
        wall, cpu = time.perf_counter(), time.process_time()
        (prepared,) = build_plates(table, root / "whole", "hcs", kind, config=CONFIG)
        wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    fields = len(table) // table["channel"].nunique()
    shards = list(prepared.glob("*.tfrecord*"))
    records = sum(len(record_spans(path)) for path in shards)
    size = sum(path.stat().st_size for path in shards) / 2**20
    cores = len(os.sched_getaffinity(0))
    print(
        f"\nbuild --kind={kind}: {fields} fields, {records} records, {size:.0f} MB, {cores} cores"
    )
    print(f"  {fields / wall:.1f} fields/s on the clock, {1000 * cpu / fields:.0f} CPU ms a field")
    stages["all else"] = cpu - sum(stages.values())
    for name, spent in stages.items():
        print(f"  {name:28}{1000 * spent / fields:9.1f} CPU ms a field{spent / cpu:7.0%}")


@contextlib.contextmanager
def staged() -> Iterator[dict[str, float]]:
    """Counts the CPU seconds of each stage meanwhile; they are there at the end."""
    spent: dict[str, float] = collections.defaultdict(float)
    within, lock = threading.local(), threading.Lock()
    with contextlib.ExitStack() as patches:
        for stage, places in STAGES.items():
            spent[stage] = 0.0
            for place, name in places:
                timed = _timed(getattr(place, name), stage, spent, within, lock)
                patches.enter_context(mock.patch.object(place, name, timed))
        yield spent


def _timed(
    function: Callable[..., Any],
    stage: str,
    spent: dict[str, float],
    within: threading.local,
    lock: threading.Lock,
) -> Callable[..., Any]:
    """The function, its time added to a stage and taken from the stage that it is called in."""

    @functools.wraps(function)
    def timed(*given: Any, **named: Any) -> Any:
        outer, within.inner = getattr(within, "inner", 0.0), 0.0
        start = time.thread_time()
        try:
            result = function(*given, **named)
            return list(result) if isinstance(result, Iterator) else result  # its work is now
        finally:
            seconds = time.thread_time() - start
            with lock:
                spent[stage] += seconds - within.inner
            within.inner = outer + seconds

    return timed


if __name__ == "__main__":
    app.run(main)
