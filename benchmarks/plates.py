"""Reading and projecting stacks beside bare tifffile, and reading the index of a whole plate.

Stacks are planes of 1080×1080, 16-bit, LZW, a file each, as a Phenix writes them. Both ways go over
the same files in one process, in turns, with as many threads as there are cores; medians over the
rounds count. Bare tifffile decodes the planes and does nothing with them; the project's way checks
each file, projects, and is compared with the maximum of tifffile's planes. The index is that of 384
wells × 9 sites × 8 channels with its (empty) files, read in a process of its own.

    python benchmarks/plates.py                        # 24 stacks of 5 planes, 27,648 images
    python benchmarks/plates.py --stacks=4 --wells=24  # a quick look

It prints, and never asserts, times: machines differ, and other jobs run on them.
"""

from __future__ import annotations

import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import tifffile
from absl import app, flags

from cellscreen.images.planes import read_stack, stack_table
from cellscreen.plates.columns import plate_table
from cellscreen.plates.export_rows import well_of

_STACKS = flags.DEFINE_integer("stacks", 24, "Stacks to project.", lower_bound=1)
_PLANES = flags.DEFINE_integer("planes", 5, "Planes of a stack.", lower_bound=1)
_ROUNDS = flags.DEFINE_integer("rounds", 5, "Rounds of which the median counts.", lower_bound=1)
_WELLS = flags.DEFINE_integer("wells", 384, "Wells of the index.", lower_bound=1, upper_bound=384)
_INDEX = flags.DEFINE_string("index", None, "Measures the reading of this measurement.")

SIZE_PX, SITES, CHANNELS = 1080, 9, 8
NAMESPACE = "http://www.perkinelmer.com/PEHH/HarmonyV5"
IMAGE = """<Image Version="1"><id>{id}</id><State>Ok</State><URL>{url}</URL><Row>{row}</Row>
<Col>{col}</Col><FieldID>{site}</FieldID><PlaneID>1</PlaneID><TimepointID>0</TimepointID>
<ChannelID>{channel}</ChannelID><ChannelName>Channel {channel}</ChannelName>
<ImageType>Signal</ImageType><AcquisitionType>NonConfocal</AcquisitionType>
<IlluminationType>Epifluorescence</IlluminationType><ChannelType>Fluorescence</ChannelType>
<ImageResolutionX Unit="m">5.9E-07</ImageResolutionX><ImageResolutionY Unit="m">5.9E-07
</ImageResolutionY><ImageSizeX>1080</ImageSizeX><ImageSizeY>1080</ImageSizeY><BinningX>2</BinningX>
<BinningY>2</BinningY><MaxIntensity>65535</MaxIntensity><PositionX Unit="m">-0.0003</PositionX>
<PositionY Unit="m">0.0003</PositionY><PositionZ Unit="m">-3E-06</PositionZ>
<ExposureTime Unit="s">0.04</ExposureTime><ObjectiveMagnification>20</ObjectiveMagnification>
</Image>"""


def main(argv: list[str]) -> None:
    """Measures both, or one index."""
    del argv
    if _INDEX.value:
        print(json.dumps(_index_measured(Path(_INDEX.value))))
        return
    with tempfile.TemporaryDirectory() as temporary:
        table = _write_stacks(Path(temporary) / "stacks")
        _print_projection(table)
        _print_index(_write_index(Path(temporary) / "plate__2024-01-31T10_00_00-Measurement1"))


def _write_stacks(folder: Path) -> pd.DataFrame:
    """Writes the planes of all stacks; returns their plate table."""
    folder.mkdir()
    generator = np.random.default_rng(0)
    rows = []
    for stack in range(_STACKS.value):
        for plane in range(1, _PLANES.value + 1):
            path = folder / f"{stack}_{plane}.tif"
            pixels = generator.poisson(300, (SIZE_PX, SIZE_PX)).astype(np.uint16)
            tifffile.imwrite(path, pixels, compression="lzw", rowsperstrip=1)
            rows.append({"path": str(path), "Metadata_Site": str(stack + 1)})
            rows[-1] |= {"Metadata_Plane": str(plane), "bit_depth": "16"}
    frame = pd.DataFrame(rows).astype({"bit_depth": int})
    return plate_table(frame.assign(Metadata_Plate="P", Metadata_Well="A01"))


def _print_projection(table: pd.DataFrame) -> None:
    rows = stack_table(table, "max").to_dict("records")
    groups = [group["path"].tolist() for _, group in table.groupby("Metadata_Site", sort=False)]
    same = sum(
        np.array_equal(read_stack(row), np.max([tifffile.imread(path) for path in paths], axis=0))
        for row, paths in zip(rows, groups, strict=True)
    )
    seconds: dict[str, list[float]] = {"tifffile": [], "cellscreen": []}
    for _ in range(_ROUNDS.value):
        seconds["tifffile"].append(_over(_decode, groups))
        seconds["cellscreen"].append(_over(read_stack, rows))
    ratios = [ours / bare for bare, ours in zip(*seconds.values(), strict=True)]
    planes = len(table)
    print(f"{len(rows)} stacks of {_PLANES.value} planes, {SIZE_PX}², 16-bit LZW:")
    for name, times in seconds.items():
        print(f"  {name:<12}{1000 * statistics.median(times) / planes:7.2f} ms a plane")
    low, high = min(ratios), max(ratios)
    print(f"  ratio {statistics.median(ratios):.2f} ({low:.2f} to {high:.2f}), asked for 1.2")
    print(f"  projections equal to the maximum of tifffile's planes: {same} of {len(rows)}")


def _decode(paths: list[str]) -> None:
    for path in paths:
        tifffile.imread(path, maxworkers=1)


def _over(work: Callable[[Any], Any], items: list[Any]) -> float:
    """Seconds on the clock to do `work` on all items."""
    start = time.perf_counter()
    with ThreadPoolExecutor(len(os.sched_getaffinity(0))) as pool:
        for done in [pool.submit(lambda item: work(item) is None, item) for item in items]:
            done.result()
    return time.perf_counter() - start


def _write_index(folder: Path) -> Path:
    """Writes a measurement's index and empty files."""
    images = folder / "Images"
    images.mkdir(parents=True)
    number = 0
    with (images / "Index.idx.xml").open("w", encoding="utf-8") as file:
        file.write(f'<?xml version="1.0"?>\n<EvaluationInputData xmlns="{NAMESPACE}"><Images>\n')
        for well in range(_WELLS.value):
            row, col = well // 24 + 1, well % 24 + 1
            for site in range(1, SITES + 1):
                for channel in range(1, CHANNELS + 1):
                    url = f"r{row:02d}c{col:02d}f{site:02d}p01-ch{channel}sk1fk1fl1.tiff"
                    (images / url).touch()
                    places = {"row": row, "col": col, "site": site, "channel": channel}
                    file.write(IMAGE.format(id=number, url=url, **places) + "\n")
                    number += 1
        file.write("</Images></EvaluationInputData>\n")
    return folder


def _print_index(folder: Path) -> None:
    command = [sys.executable, __file__, f"--index={folder}"]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    found = json.loads(done.stdout.splitlines()[-1])
    expected = _WELLS.value * SITES * CHANNELS
    megabytes = (folder / "Images" / "Index.idx.xml").stat().st_size / 1e6
    print(f"An index of {expected:,} images, {megabytes:.0f} MB:")
    print(f"  read in {found['seconds']:.1f} s (asked for 10 s at 27,648 images)")
    print(f"  peak memory {found['peak_mb']:.0f} MB, {found['imports_mb']:.0f} MB of it imports")
    whole = found["images"] == expected and found["last"] == well_of(
        (_WELLS.value - 1) // 24 + 1, (_WELLS.value - 1) % 24 + 1
    )
    print(f"  every image there, without a problem: {whole and found['usable'] == expected}")


def _index_measured(folder: Path) -> dict[str, Any]:
    from cellscreen.plates.harmony import read_harmony
    from cellscreen.plates.usable import usable

    imports = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    start = time.perf_counter()
    table = read_harmony(folder)
    seconds = time.perf_counter() - start
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    found = {"seconds": seconds, "peak_mb": peak, "imports_mb": imports, "images": len(table)}
    return found | {"usable": len(usable(table)), "last": str(table["Metadata_Well"].iloc[-1])}


if __name__ == "__main__":
    app.run(main)
