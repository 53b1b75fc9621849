"""Crops and nuclei: ours beside the usual ways on the same fields, correctness beside each.

Everything is warm; ways of working take turns in one process, and the best of several rounds
counts.

    python benchmarks/cells_segmentation.py --data=../shared/data    # a minute

Crops are of 200 cells of a random field, 1080×1080, five channels, uint16. Nuclei are those of the
60 fields of nuclei_dsb2018.zip, which are left out where it is not there.
"""

from __future__ import annotations

import tempfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import tifffile
from absl import app, flags
from timing.turns import best_of

from cellscreen.cells.crops import SIZE, crop_buffer, crop_cells
from cellscreen.cells.locations import read_locations
from cellscreen.cells.matching import Matches, match_objects
from cellscreen.cells.segment_config import SegmentConfig
from cellscreen.cells.segmentation import segment
from cellscreen.cells.threads import Threads
from cellscreen.images.reading import decode_image, read_image

_ROUNDS = flags.DEFINE_integer("rounds", 7, "Rounds of which the best counts.", lower_bound=1)
_DATA = flags.DEFINE_string("data", "../shared/data", "Folder of nuclei_dsb2018.zip.")

FIELD_PX, CHANNELS, CELLS = 1080, 5, 200
PAD, DEEPPROFILER, SCIKIT = "pad + slice + stack", "DeepProfiler's way", "scikit-image"


def main(argv: list[str]) -> None:
    """Measures each room in turn."""
    del argv
    cv2.setNumThreads(1)
    benchmark_crops(_ROUNDS.value)
    archive = Path(_DATA.value) / "nuclei_dsb2018.zip"
    if archive.is_file():
        benchmark_nuclei(archive, _ROUNDS.value)
    else:
        print(f"\nnuclei: left out, there is no {archive}")


def benchmark_crops(rounds: int) -> None:
    """Prints crops a second from memory, and with reading and writing."""
    random = np.random.default_rng(0)
    planes = random.integers(0, 1 << 16, (CHANNELS, FIELD_PX, FIELD_PX)).astype(np.uint16)
    centres = random.uniform(0, FIELD_PX - 1, (CELLS, 2))
    buffer = crop_buffer(CELLS, CHANNELS, SIZE, planes.dtype)
    with Threads(2) as threads:
        best = best_of(
            {
                PAD: lambda: pad_slice_stack(planes, centres),
                "ours, 1 thread": lambda: crop_cells(planes, centres, buffer=buffer),
                "ours, 2 threads": lambda: crop_cells(
                    planes, centres, buffer=buffer, threads=threads
                ),
                "ours, a new array": lambda: crop_cells(planes, centres),
            },
            rounds,
        )
    equal = np.array_equal(pad_slice_stack(planes, centres), crop_cells(planes, centres).pixels)
    print(f"crops: {CELLS} of {SIZE}×{SIZE}×{CHANNELS}, uint16, from memory; equal: {equal}")
    _print_rates(best, PAD, CELLS, "crops/s")
    with tempfile.TemporaryDirectory() as folder:
        paths, table = _write_field(Path(folder), planes, centres)
        best = best_of(
            {
                DEEPPROFILER: lambda: deepprofiler_crops(paths, table, Path(folder)),
                "ours, read and gathered": lambda: _from_files(paths, table, buffer),
            },
            min(rounds, 3),
        )
    print("\ncrops from files: locations CSV, TIFF; DeepProfiler's are written as PNG")
    _print_rates(best, DEEPPROFILER, CELLS, "crops/s")


def pad_slice_stack(planes: np.ndarray, centres: np.ndarray) -> np.ndarray:
    """`(n, 96, 96, channels)`, each plane padded once, each crop sliced from each and stacked."""
    padded = [np.pad(plane, SIZE) for plane in planes]
    corners = np.floor(centres + 0.5).astype(int) + SIZE - SIZE // 2
    crops = [
        np.stack([plane[y : y + SIZE, x : x + SIZE] for plane in padded], axis=-1)
        for x, y in corners
    ]
    return np.stack(crops)


def deepprofiler_crops(paths: list[Path], table: Path, folder: Path) -> None:
    """The method of DeepProfiler's export: read, slice, stretch to 0-255, channels side by side."""
    import pandas as pd
    from skimage.io import imread, imsave

    locations = pd.read_csv(table)
    field = np.stack([imread(path) for path in paths], axis=-1)
    padded = np.pad(field, ((SIZE, SIZE), (SIZE, SIZE), (0, 0)))
    columns = ("Nuclei_Location_Center_X", "Nuclei_Location_Center_Y")
    for number, row in locations.iterrows():
        x, y = (int(row[name] + 0.5) + SIZE - SIZE // 2 for name in columns)
        crop = padded[y : y + SIZE, x : x + SIZE].astype(np.float32)
        low, high = crop.min(axis=(0, 1)), crop.max(axis=(0, 1))
        scaled = ((crop - low) / np.maximum(high - low, 1) * 255).astype(np.uint8)
        unfolded = np.concatenate(np.moveaxis(scaled, -1, 0), axis=1)
        imsave(folder / f"{number}.png", unfolded, check_contrast=False)


def _write_field(folder: Path, planes: np.ndarray, centres: np.ndarray) -> tuple[list[Path], Path]:
    paths = [folder / f"ch{number}.tiff" for number in range(len(planes))]
    for path, plane in zip(paths, planes, strict=True):
        tifffile.imwrite(path, plane)
    table = folder / "A01-1-Nuclei.csv"
    rows = "".join(f"{x},{y}\n" for x, y in centres)
    table.write_text("Nuclei_Location_Center_X,Nuclei_Location_Center_Y\n" + rows)
    return paths, table


def _from_files(paths: list[Path], table: Path, buffer: np.ndarray) -> None:
    planes = np.stack([read_image(path) for path in paths])
    crop_cells(planes, read_locations(table, planes.shape[1:]), buffer=buffer)


def benchmark_nuclei(archive: Path, rounds: int) -> None:
    """Prints fields a second and pooled F1 at IoU 0.5 on real nuclei."""
    fields = _fields(archive)
    ways: dict[str, Callable[[np.ndarray], np.ndarray]] = {
        SCIKIT: scikit_nuclei,
        "ours": lambda image: segment(image, SegmentConfig()).compartments["Nuclei"],
        "ours, local threshold": lambda image: segment(
            image, SegmentConfig(threshold="local")
        ).compartments["Nuclei"],
    }

    def over_all(way: Callable[[np.ndarray], np.ndarray]) -> Callable[[], object]:
        return lambda: [way(image) for image, _ in fields]

    best = best_of({name: over_all(way) for name, way in ways.items()}, min(rounds, 5))
    print(f"\nnuclei: {len(fields)} fields of DSB 2018, one thread")
    _print_rates(best, SCIKIT, len(fields), "fields/s")
    for name, way in ways.items():
        counts = [match_objects(way(image), given) for image, given in fields]
        pooled = Matches(*(sum(column) for column in zip(*counts, strict=True)))
        print(f"  {name:26} F1 at IoU 0.5: {pooled.f1:.3f}  {pooled.matched} of {pooled.given}")


def scikit_nuclei(image: np.ndarray) -> np.ndarray:
    """Gaussian 1, Otsu, distance blurred by 2, peaks 7 px apart, watershed, 30 px and more."""
    from scipy import ndimage
    from skimage import feature, filters, measure, segmentation

    smooth = filters.gaussian(image, 1, preserve_range=True)
    mask = smooth > filters.threshold_otsu(smooth)
    depth = filters.gaussian(ndimage.distance_transform_edt(mask), 2, preserve_range=True)
    peaks = feature.peak_local_max(
        depth, min_distance=7, labels=measure.label(mask), exclude_border=False
    )
    seeds = np.zeros(mask.shape, np.int32)
    seeds[tuple(peaks.T)] = np.arange(1, len(peaks) + 1)
    labels = segmentation.watershed(-depth, seeds, mask=mask)
    return np.where(np.bincount(labels.ravel())[labels] >= 30, labels, 0)


def _fields(archive: Path) -> list[tuple[np.ndarray, np.ndarray]]:
    with zipfile.ZipFile(archive) as opened:
        names = sorted(name for name in opened.namelist() if name.endswith("_labels.png"))
        return [
            (
                decode_image(opened.read(name.replace("_labels", ""))),
                decode_image(opened.read(name)),
            )
            for name in names
        ]


def _print_rates(best: dict[str, float], base: str, count: int, unit: str) -> None:
    for name, seconds in best.items():
        ratio = best[base] / seconds
        print(f"  {name:26}{1000 * seconds:10.2f} ms{count / seconds:12,.0f} {unit}{ratio:8.1f}×")


if __name__ == "__main__":
    app.run(main)
