"""A whole plate to records: memory, time, and whether both grow as they should.

A simulated plate of 9 sites and 3 channels of 1080², 16 bits; 24 fields are drawn and hard-linked
under the names of all others, in turn. They hold about as many cells as a field of CPJUMP1 (188 in
the one looked at). A plate of fewer wells is the first wells of the largest, so that a well is as
much work on every plate. `cellscreen build` runs as users run it; every 0.2 s the memory of all its
processes is added up. Before that the disk is looked at: bags of 384 wells take 24 to 35 GB.

    python benchmarks/plate.py                                       # 192 and 384 wells to bags
    python benchmarks/plate.py --wells=8,16                          # a quick look
    python benchmarks/plate.py --wells=8,16 --kind=cells

It prints, and never asserts, times: machines differ, and other jobs run on them.
"""

from __future__ import annotations

import dataclasses
import os
import shutil
import statistics
import tempfile
import time
from pathlib import Path

import pandas as pd
from absl import app, flags
from plate_parts.plate import CROP_PX, DRAWN, SITES, SIZE_PX, plate_config
from plate_parts.watching import watched

from cellscreen.records.verify import verify_root
from cellscreen.simulate.hcs_writing import simulate_plates

_WELLS = flags.DEFINE_list("wells", ["192", "384"], "Wells of each plate, one after the other.")
_KIND = flags.DEFINE_enum("kind", "bags", ["bags", "cells"], "Kind of record.")
_CELLS = flags.DEFINE_integer("cells_per_mm2", 430, "Density of the cells.", lower_bound=1)
_FOLDER = flags.DEFINE_string("folder", None, "Where to work; a temporary folder if not given.")

MB, GB = 1 << 20, 1 << 30


@dataclasses.dataclass(frozen=True)
class Run:
    """What was seen of one build.

    Attributes:
        fields: of the plate.
        seconds: on the clock, imports and all.
        memory: of all its processes, in bytes, every 0.2 s.
        progress: how often it told how far it was.
        records: that were written.
        size: of the records, in bytes.
        faults: that verify found.
    """

    fields: int
    seconds: float
    memory: list[int]
    progress: int
    records: int
    size: int
    faults: int

    def peak(self, begin: float = 0.0, end: float = 1.0) -> float:
        """The most memory between two shares of the run, in MB."""
        count = len(self.memory)
        return max(self.memory[int(begin * count) : max(int(end * count), 1)]) / MB


def main(argv: list[str]) -> None:
    """Builds a plate of each size and compares them."""
    del argv
    wells = [int(text) for text in _WELLS.value]
    with tempfile.TemporaryDirectory(dir=_FOLDER.value) as temporary:
        folder = Path(temporary)
        _check_disk(folder, max(wells))
        plate = folder / "plate"
        simulate_plates(plate_config(max(wells), _CELLS.value), plate, "images_csv")
        runs = {count: _run(folder, plate, count) for count in wells}
    _print_runs(runs)


def _check_disk(folder: Path, wells: int) -> None:
    config = plate_config(wells, _CELLS.value)
    area = (SIZE_PX * config.assay.um_per_px / 1000) ** 2
    crop = CROP_PX**2 * 2 * len(config.assay.channels)
    needed = 1.1 * wells * SITES * area * _CELLS.value * crop if _KIND.value == "bags" else 5 * GB
    free = shutil.disk_usage(folder).free
    if needed > free:
        raise app.UsageError(
            f"Expected {needed / GB:.0f} GB for the records; {folder} has {free / GB:.0f} GB. "
            "Give another --folder, fewer --wells or fewer --cells_per_mm2."
        )


def first_wells(plate: Path, folder: Path, wells: int) -> None:
    """Links the images of the first wells of a plate into a folder with an index of its own."""
    images = pd.read_csv(plate / "images.csv", dtype=str, keep_default_na=False)
    images = images[images["well"].isin(images["well"].unique()[:wells])]
    for path in images["path"]:
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        os.link(plate / path, folder / path)
    images.to_csv(folder / "images.csv", index=False)


def _run(folder: Path, plate: Path, wells: int) -> Run:
    """Builds the records of the first wells of a plate, verifies and removes them."""
    images, root = folder / f"plate_{wells}", folder / f"records_{wells}"
    first_wells(plate, images, wells)
    words = ["build", f"--images={images}", f"--kind={_KIND.value}", "--nuclei_channel=DNA"]
    start = time.perf_counter()
    memory, said = watched([*words, f"--data_dir={root}"], folder)
    seconds = time.perf_counter() - start
    checked = verify_root(root)
    run = Run(
        fields=wells * SITES,
        seconds=seconds,
        memory=memory,
        progress=said.count(" fields ("),
        records=sum(one.records for one in checked),
        size=sum(path.stat().st_size for path in root.rglob("*.tfrecord*")),
        faults=sum(len(one.faults) for one in checked),
    )
    shutil.rmtree(root)
    shutil.rmtree(images)
    return run


def _print_runs(runs: dict[int, Run]) -> None:
    print(f"{_KIND.value} of plates of {SITES} sites and 3 channels of {SIZE_PX}², simulated")
    print(f"{DRAWN} fields drawn, {_CELLS.value} cells a mm²; memory of all processes, in MB\n")
    heads = ("fields", "records", "GB", "s", "fields/s", "median", "peak", "1st half", "2nd half")
    print(f"{'wells':>6}" + "".join(f"{head:>10}" for head in heads))
    for wells, run in runs.items():
        median = statistics.median(run.memory) / MB
        numbers = (
            *(f"{run.fields}", f"{run.records}", f"{run.size / GB:.1f}", f"{run.seconds:.0f}"),
            *(f"{run.fields / run.seconds:.1f}", f"{median:.0f}", f"{run.peak():.0f}"),
            *(f"{run.peak(end=0.5):.0f}", f"{run.peak(begin=0.5):.0f}"),
        )
        print(f"{wells:6}" + "".join(f"{number:>10}" for number in numbers))
    faults, told = (
        [getattr(run, name) for run in runs.values()] for name in ("faults", "progress")
    )
    print(f"\nfaults found by verify: {faults}; lines of progress: {told}")
    print("meant: below 3,000 MB, and no more for more wells")
    few, many = min(runs), max(runs)
    if few < many:
        ratio = runs[few].seconds / runs[many].seconds * many / few
        print(f"time a well, {few} wells to {many}: {ratio:.2f} (meant: 0.85 to 1.15)")
        of_bytes = ratio * few / many * runs[many].size / runs[few].size
        print(f"time a byte of records, {few} wells to {many}: {of_bytes:.2f}")


if __name__ == "__main__":
    app.run(main)
