"""Scoring a whole plate with MID's net: estimated first, then done; time and memory.

A simulated plate of 9 sites and 3 channels of 1080² (24 fields drawn, hard-linked under the names
of the others) is made into bags by `cellscreen build`. A ResNet-18 is trained for one epoch on a
small plate of other cells, only so that there is a run to score with. `cellscreen score` then
answers every well by 50 random sets of --set_crops crops, as users run it; every 0.2 s the memory
of all its processes is added up.

    python benchmarks/plate_scores.py                    # 384 wells, needs 35 GB of disk
    python benchmarks/plate_scores.py --wells=8          # a quick look

The estimate is the time of the crops that are drawn at least once, at the speed of `benchmarks/
mid_inference.py`'s way on 256 of them. The scores are checked: a finite row a well. Times are
printed, never asserted.
"""

from __future__ import annotations

import dataclasses
import shutil
import statistics
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd
from absl import app, flags, logging
from plate_parts.plate import CROP_PX, SITES, plate_config
from plate_parts.watching import watched

from cellscreen.simulate.hcs_config import HcsConfig
from cellscreen.simulate.hcs_writing import simulate_plates

_WELLS = flags.DEFINE_integer("wells", 384, "Wells of the plate.", lower_bound=8)
_CELLS = flags.DEFINE_integer("cells_per_mm2", 430, "Density of the cells.", lower_bound=1)
_SETS = flags.DEFINE_integer("sets", 50, "Random sets a well is asked by.", lower_bound=1)
_CROPS = flags.DEFINE_integer("set_crops", 12, "Crops of a set.", lower_bound=1)
_FOLDER = flags.DEFINE_string("folder", None, "Where to work; a temporary folder if not given.")

ENCODER, TRAINED, MB = "resnet18", 24, 1 << 20


def main(argv: list[str]) -> None:
    """Makes the plate, trains, estimates, scores, and prints what was seen."""
    del argv
    logging.set_verbosity(logging.ERROR)
    with tempfile.TemporaryDirectory(dir=_FOLDER.value) as temporary:
        folder = Path(temporary)
        plate = plate_config(_WELLS.value, _CELLS.value)
        small = dataclasses.replace(plate_config(TRAINED, _CELLS.value), seed=1, sites=1)
        _build(small, "small", folder)
        _train(folder)
        _build(plate, "plate", folder)
        cells = _cells(folder / "plate_bags")
        estimate = _seconds_a_crop() * sum(map(_drawn, cells))
        _score(folder, cells, estimate)


def _placed(words: list[str], folder: Path) -> list[str]:
    """Words whose relative paths are in a folder."""
    names = {"images", "data_dir", "workdir", "model", "output", "labels"}
    parts = [word.removeprefix("--").partition("=") for word in words]
    return [
        f"--{flag}={folder / value}" if flag in names else word
        for word, (flag, _, value) in zip(words, parts, strict=True)
    ]


def _build(plate: HcsConfig, name: str, folder: Path) -> None:
    """Simulates a plate into `<name>` and makes its bags, `<name>_bags`."""
    simulate_plates(plate, folder / name, "images_csv")
    words = ["build", f"--images={name}", "--kind=bags", "--nuclei_channel=DNA"]
    watched(_placed([*words, f"--data_dir={name}_bags"], folder), folder)


def _train(folder: Path) -> None:
    """One epoch on the small plate, with labels that mean nothing."""
    images = pd.read_csv(folder / "small" / "images.csv", dtype=str, keep_default_na=False)
    wells = images.drop_duplicates("well")[["plate", "well"]]
    wells = wells.assign(label=np.resize(["nontoxic", "toxic"], len(wells)))
    wells.to_csv(folder / "labels.csv", index=False)
    words = ["train-bags", "--data_dir=small_bags", "--labels=labels.csv", "--workdir=run"]
    words += [f"--encoder={ENCODER}", "--fold_by=well", "--fold_mode=holdout", "--epochs=1"]
    words += ["--jit=off", "--warmup_epochs=0", "--batch_size=4"]
    watched(_placed(words, folder), folder)


def _cells(root: Path) -> list[int]:
    """The number of cells of every well."""
    from cellscreen.pipelines.bag_index import index_bags
    from cellscreen.pipelines.records import prepared_plates

    return index_bags(prepared_plates(root, "hcs", "bags"), "well").bags["cells"].tolist()


def _drawn(cells: int) -> float:
    """How many of a well's cells are expected to be drawn at least once."""
    crops = min(_CROPS.value, cells)
    return cells * (1 - (1 - crops / cells) ** _SETS.value) if cells else 0.0


def _seconds_a_crop() -> float:
    """Time to encode a crop, in a batch of 256, median of 5 after one that compiles."""
    import keras

    from cellscreen.models.bag_config import BagNetConfig
    from cellscreen.models.bag_nets import build_bag_net
    from cellscreen.training.bags.inference_config import InferenceConfig
    from cellscreen.training.bags.set_inference import SetInference

    keras.utils.set_random_seed(0)
    net = build_bag_net(BagNetConfig(encoder=ENCODER), CROP_PX, ("DNA", "MMP", "ROS"), 2)
    inference = SetInference(net, _CROPS.value, InferenceConfig())
    crops = np.random.default_rng(0).integers(0, 256, (256, CROP_PX, CROP_PX, 3), np.uint8)
    times = []
    for _ in range(6):
        began = time.perf_counter()
        inference.embed(crops)
        times.append(time.perf_counter() - began)
    return statistics.median(times[1:]) / len(crops)


def _score(folder: Path, cells: list[int], estimate: float) -> None:
    words = ["score", "--model=run", "--data_dir=plate_bags", "--output=wells.parquet"]
    words += [f"--sets={_SETS.value}", f"--set_crops={_CROPS.value}"]
    began = time.perf_counter()
    memory, _ = watched(_placed(words, folder), folder)
    seconds = time.perf_counter() - began
    scores = pd.read_parquet(folder / "wells.parquet")
    finite = scores.filter(like="Score_").notna().all(axis=1).sum()
    size = sum(path.stat().st_size for path in (folder / "plate_bags").rglob("*.tfrecord*"))
    shutil.rmtree(folder / "plate_bags")
    half = len(memory) // 2
    print(
        f"{len(cells)} wells of {SITES} fields, {sum(cells)} cells, {size / 2**30:.1f} GB of bags; "
        f"simulated\n"
        f"{ENCODER}, {_SETS.value} sets of {_CROPS.value} crops: about "
        f"{sum(map(_drawn, cells)):.0f} crops to encode\n"
        f"estimated {estimate:.0f} s, took {seconds:.0f} s, start included\n"
        f"memory: median {statistics.median(memory) / MB:.0f} MB, peak {max(memory) / MB:.0f} MB "
        f"(first half {max(memory[:half]) / MB:.0f}, second half {max(memory[half:]) / MB:.0f})\n"
        f"wells with a finite score: {finite} of {len(scores)}"
    )


if __name__ == "__main__":
    app.run(main)
