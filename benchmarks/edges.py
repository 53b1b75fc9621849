"""Conversion of images to edge records beside what it is made of, and beside scikit-image.

Fields are simulated phase contrast of 1024×1024 as 8-bit PNG. Each way of working goes over the
same files in a process of its own, with as many threads as there are cores. They take turns, and
medians over the rounds count, so that other jobs slow all alike; CPU time stands beside the time on
the clock. Imports are not timed, and files come from the page cache. A conversion starts and ends
with about 0.4 s of its own, so that few fields make it look slower than it is.

    python benchmarks/edges.py                # 1,000 fields, memory also at 2,000
    python benchmarks/edges.py --fields=100   # a quick look

It prints, and never asserts, times: machines differ, and other jobs run on them.
"""

from __future__ import annotations

import concurrent.futures
import contextlib
import json
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import cv2
import numpy as np
import pandas as pd
from absl import app, flags

from cellscreen.images.edges import HIGH_THRESHOLD, LOW_THRESHOLD
from cellscreen.simulate.config import CultureConfig
from cellscreen.simulate.layout import fields
from cellscreen.simulate.render import render_field

_FIELDS = flags.DEFINE_integer("fields", 1000, "Fields to convert.", lower_bound=1)
_ROUNDS = flags.DEFINE_integer("rounds", 3, "Rounds of which the median counts.", lower_bound=1)
_MEASURE = flags.DEFINE_string("measure", None, "Measures one way of working over --folder.")
_FOLDER = flags.DEFINE_string("folder", None, "A folder that this benchmark wrote.")

SIZE_PX = 1024
DISTINCT = 24  # fields drawn; the others are links to them
SCIKIT = "decode + scikit-image"
SCIKIT_FIELDS = 16  # it is slow: so few, scaled
WAYS = ("decode", "decode + OpenCV edges", "conversion")
UNITS = ("wall_ms", "cpu_ms")
RECORDS = "records"


def main(argv: list[str]) -> None:
    """Measures everything, or one way of working."""
    del argv
    if _MEASURE.value:
        print(json.dumps(_measured(_MEASURE.value, Path(_FOLDER.value))))
        return
    with tempfile.TemporaryDirectory() as temporary:
        folder = _write_plate(Path(temporary) / "plate", _FIELDS.value)
        rounds = []
        for _ in range(_ROUNDS.value):
            rounds.append({way: _measure(way, folder) for way in WAYS})
        scikit = _measure(SCIKIT, folder)
        twice = _measure("conversion", _write_plate(Path(temporary) / "twice", 2 * _FIELDS.value))
    _print_times(rounds, scikit)
    _print_memory([one["conversion"] for one in rounds], twice)
    _print_check([*(one["conversion"] for one in rounds), twice])


def _write_plate(folder: Path, count: int) -> Path:
    """Writes `count` fields under the names of a plate, and its images.csv."""
    folder.mkdir()
    sites = -(-count // 384)
    rows: list[dict[str, str | int]] = []
    for number in range(count):
        well, site = divmod(number, sites)
        name = f"{chr(ord('A') + well // 24)}{well % 24 + 1:02d}"
        path = folder / f"{name}_s{site + 1}.png"
        if number < DISTINCT:
            cv2.imwrite(str(path), _field(number))
        else:
            os.link(str(rows[number % DISTINCT]["path"]), path)
        rows.append({"path": str(path), "plate": "P1", "well": name, "site": site + 1})
    pd.DataFrame(rows).to_csv(folder / "images.csv", index=False)
    return folder


def _field(number: int) -> np.ndarray:
    """A `(1024, 1024)` uint8 field, as dense as the simulated cultures are."""
    usual = CultureConfig()
    more = (SIZE_PX / usual.size_px) ** 2
    config = CultureConfig(size_px=SIZE_PX, cells=usual.cells * more, debris=usual.debris * more)
    made = fields(config)
    return render_field(config, made[number * len(made) // DISTINCT])


def _measure(way: str, folder: Path) -> dict[str, float]:
    """Runs one way of working in a process of its own."""
    command = [sys.executable, __file__, f"--measure={way}", f"--folder={folder}"]
    done = subprocess.run(
        command, check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    return json.loads(done.stdout.splitlines()[-1])


def _measured(way: str, folder: Path) -> dict[str, float]:
    if way == "conversion":
        return _conversion(folder)
    function = {WAYS[0]: _decode, WAYS[1]: _opencv_edges, SCIKIT: _scikit_edges}[way]
    paths = sorted(folder.glob("*.png"))[: SCIKIT_FIELDS if way == SCIKIT else None]
    with _timed(len(paths)) as measured:
        _over_all(function, paths)
    return measured


@contextlib.contextmanager
def _timed(count: int) -> Iterator[dict[str, float]]:
    """Yields a dict that gets the wall and CPU time in ms a field."""
    measured: dict[str, float] = {}
    wall, cpu = time.perf_counter(), time.process_time()
    yield measured
    spent = time.perf_counter() - wall, time.process_time() - cpu
    measured |= {unit: 1000 * seconds / count for unit, seconds in zip(UNITS, spent, strict=True)}


def _over_all(function: Callable[[Path], np.ndarray], paths: list[Path]) -> None:
    cv2.setNumThreads(1)
    with concurrent.futures.ThreadPoolExecutor(len(os.sched_getaffinity(0))) as pool:
        for done in [pool.submit(lambda path: function(path).size, path) for path in paths]:
            done.result()


def _decode(path: Path) -> np.ndarray:
    return np.asarray(cv2.imread(str(path), cv2.IMREAD_UNCHANGED))


def _opencv_edges(path: Path) -> np.ndarray:
    blurred = cv2.GaussianBlur(_decode(path), (3, 3), 0)
    return cv2.Canny(blurred, LOW_THRESHOLD, HIGH_THRESHOLD, L2gradient=True)


def _scikit_edges(path: Path) -> np.ndarray:
    from skimage.feature import canny

    return canny(_decode(path), 1.0, LOW_THRESHOLD, HIGH_THRESHOLD)


def _conversion(folder: Path) -> dict[str, float]:
    """Converts, then compares every record with OpenCV's edges."""
    from cellscreen.plates.table import read_plate_table
    from cellscreen.records.build import build_plates

    root = folder.parent / RECORDS
    table = read_plate_table(folder)
    with _timed(len(table)) as measured:
        (prepared,) = build_plates(table, root, "hcs")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024  # kB on Linux
    size = sum(path.stat().st_size for path in prepared.glob("*.tfrecord*"))
    measured |= {"peak_mb": peak, "records_mb": size / 2**20}
    measured["unequal"] = _unequal(prepared, folder, len(table))
    shutil.rmtree(root)
    return measured


def _unequal(prepared: Path, folder: Path, count: int) -> int:
    """How many records are missing or not exactly OpenCV's edges of their image."""
    import tensorflow_datasets as tfds

    expected: dict[int, np.ndarray] = {}
    equal = 0
    for record in (
        tfds.builder_from_directory(prepared).as_dataset(split="fields").as_numpy_iterator()
    ):
        path = folder / f"{record['well'].decode()}_s{record['site'].decode()}.png"
        inode = path.stat().st_ino
        if inode not in expected:
            expected[inode] = _opencv_edges(path) > 0
        rows = np.frombuffer(record["edges"], np.uint8).reshape(record["height"], -1)
        stored = np.unpackbits(rows, axis=1)[:, : record["width"]]
        equal += int(np.array_equal(stored, expected[inode]))
    return count - equal


def _print_times(rounds: list[dict[str, dict[str, float]]], scikit: dict[str, float]) -> None:
    workers = len(os.sched_getaffinity(0))
    print(f"{_FIELDS.value} fields of {SIZE_PX}², {workers} workers, {len(rounds)} rounds; medians")
    print("ratios are those to decode + OpenCV edges, of the clock and of CPU time\n")
    print(f"{'':30}{'ms a field':>12}{'CPU ms':>9}{'ratio':>8}{'CPU':>7}")
    for way in WAYS:
        _print_row(way, [one[way] for one in rounds], [one[WAYS[1]] for one in rounds])
    _print_row(f"{SCIKIT} ({SCIKIT_FIELDS})", [scikit], [rounds[-1][WAYS[1]]])
    to_decode = statistics.median(
        one[WAYS[2]]["wall_ms"] / one[WAYS[0]]["wall_ms"] for one in rounds
    )
    print(f"\nconversion to decode + OpenCV edges: at most 1.30; to decode alone: {to_decode:.2f}")


def _print_row(name: str, ones: list[dict[str, float]], bases: list[dict[str, float]]) -> None:
    wall, cpu = (statistics.median(one[unit] for one in ones) for unit in UNITS)
    ratio, cpu_ratio = (
        statistics.median(one[unit] / base[unit] for one, base in zip(ones, bases, strict=True))
        for unit in UNITS
    )
    print(f"{name:30}{wall:12.2f}{cpu:9.2f}{ratio:8.2f}{cpu_ratio:7.2f}")


def _print_memory(once: list[dict[str, float]], twice: dict[str, float]) -> None:
    peak = statistics.median(one["peak_mb"] for one in once)
    more = twice["peak_mb"] - peak
    added = twice["records_mb"] - once[0]["records_mb"]
    print(f"\npeak memory, {_FIELDS.value} fields     {peak:8.0f} MB (below 1500)")
    print(f"peak memory, {2 * _FIELDS.value} fields     {twice['peak_mb']:8.0f} MB")
    print(f"more by                  {more:12.0f} MB (at most the records added, {added:.0f} MB)")


def _print_check(conversions: list[dict[str, float]]) -> None:
    unequal = sum(int(one["unequal"]) for one in conversions)
    print(f"\nedge maps unequal to OpenCV's {unequal} in {len(conversions)} conversions")


if __name__ == "__main__":
    app.run(main)
