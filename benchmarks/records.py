"""Writing and reading bags beside other ways of doing the same.

Crops are noise of 96×96×3, uint8, as many a field as `--cells`. They are written as bags, a field
an example, and one crop an example of the same metadata; both by our builder's writer and by TFDS'
own. They are read as our pipelines do and by a raw `TFRecordDataset` with the same parsing.
Everything is warm; ways take turns in one process, and medians of the rounds count.

    python benchmarks/records.py               # four minutes, 6 GB of memory
    python benchmarks/records.py --rounds=1    # a quick look

It prints, and never asserts, times: machines differ, and other jobs run on them.
"""

from __future__ import annotations

import functools
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf
import tensorflow_datasets as tfds
from absl import app, flags, logging

from cellscreen.pipelines.bag_index import index_bags
from cellscreen.pipelines.bags import whole_bags
from cellscreen.pipelines.records import open_records
from cellscreen.records import bags
from cellscreen.records.builder import SPLIT
from cellscreen.records.encoding import Encoder
from cellscreen.records.shard_writing import write_shards

_ROUNDS = flags.DEFINE_integer("rounds", 5, "Rounds of which the median counts.", lower_bound=1)
_FIELDS = flags.DEFINE_integer("fields", 288, "Fields to write and read.", lower_bound=1)
_CELLS = flags.DEFINE_integer("cells", 180, "Crops of a field.", lower_bound=1)

SIZE, CHANNELS = 96, 3
BAGS, SINGLE, CROP = "bags", "single", "crop"
RAW = "raw TFRecordDataset"
Read = Callable[[], Iterator[np.ndarray]]


with tfds.core.registered.skip_registration():

    class TheirBuilder(tfds.core.GeneratorBasedBuilder):
        """Crops as bags or one by one, written by TFDS itself."""

        VERSION = tfds.core.Version("1.0.0")
        BUILDER_CONFIGS = [tfds.core.BuilderConfig(name=name) for name in (BAGS, SINGLE)]  # noqa: RUF012
        crops: np.ndarray

        def _info(self) -> tfds.core.DatasetInfo:
            return tfds.core.DatasetInfo(
                builder=self, features=self.schema(), disable_shuffling=True
            )

        def schema(self) -> tfds.features.FeaturesDict:
            """The features of a record."""
            if self.builder_config.name == BAGS:
                return bags.bags_features()
            own = {
                "object_id": np.int64,
                "centre": tfds.features.Tensor(shape=(2,), dtype=np.float32),
                CROP: tfds.features.Tensor(shape=(), dtype=np.object_),
            }
            return tfds.features.FeaturesDict({**bags.field_features(), **own})

        def examples(self) -> Iterator[list[dict[str, Any]]]:
            """The examples of each field; crops as arrays."""
            of_field = _bag if self.builder_config.name == BAGS else _single_crops
            return (of_field(number, crops) for number, crops in enumerate(self.crops))

        def _split_generators(self, dl_manager: Any) -> dict[str, Any]:
            return {SPLIT: self._generate_examples()}

        def _generate_examples(self) -> Iterator[tuple[int, dict[str, Any]]]:
            name = CROP if self.builder_config.name == SINGLE else bags.PIXELS_FEATURE
            for number, examples in enumerate(self.examples()):
                for at, example in enumerate(examples):
                    yield number * len(examples) + at, {**example, name: example[name].tobytes()}

    class OurBuilder(TheirBuilder):
        """The same, written as `cellscreen build` writes."""

        def _generate_splits(self, dl_manager: Any, download_config: Any) -> list[Any]:
            encoder = Encoder(self.schema(), (CROP, bags.PIXELS_FEATURE))
            records = ((at, list(encoder.encode(some))) for at, some in enumerate(self.examples()))
            template = self._get_filename_template(split_name=SPLIT)
            written = write_shards(records, template)
            return [tfds.core.SplitInfo(SPLIT, written.lengths, written.size, template)]


def main(argv: list[str]) -> None:
    """Measures writing, then reading."""
    del argv
    logging.set_verbosity(logging.ERROR)
    tfds.display_progress_bar(sys.stderr.isatty())
    shape = (_FIELDS.value, _CELLS.value, SIZE, SIZE, CHANNELS)
    crops = np.random.default_rng(0).integers(0, 256, shape, np.uint8)
    TheirBuilder.crops = crops
    with tempfile.TemporaryDirectory() as temporary:
        benchmark_writing(Path(temporary), crops)
        benchmark_reading(Path(temporary), crops)


def benchmark_writing(folder: Path, crops: np.ndarray) -> None:
    """Prints crops a second of bags and of single crops, by our writer and by TFDS'."""
    ways = {
        f"{config}, {writer}": functools.partial(_write, kind, config, folder)
        for writer, kind in (("our writer", OurBuilder), ("TFDS' writer", TheirBuilder))
        for config in (BAGS, SINGLE)
    }
    medians = _in_turns(ways)
    print(f"writing {_crops_of(crops)}")
    for writer in ("our writer", "TFDS' writer"):
        base = medians[f"{SINGLE}, {writer}"]
        for config in (BAGS, SINGLE):
            _print_way(f"{config}, {writer}", medians[f"{config}, {writer}"], base)
    print("meant: bags 2 or more times single crops by the same writer")
    for kind in (OurBuilder, TheirBuilder):
        equal = [
            np.array_equal(_read_back(kind, config, folder), crops) for config in (BAGS, SINGLE)
        ]
        print(f"crops read back are those written, bags and single, {kind.__name__}: {equal}")


def benchmark_reading(folder: Path, crops: np.ndarray) -> None:
    """Prints crops a second of bags, read by our pipelines and by TensorFlow alone."""
    builder = OurBuilder(data_dir=_place(OurBuilder, folder), config=BAGS)
    prepared = Path(builder.data_dir)
    index = index_bags([prepared], "field")
    features = builder.info.features

    def raw() -> Iterator[np.ndarray]:
        files = sorted(str(path) for path in prepared.glob("*.tfrecord*"))
        parsed = tf.data.TFRecordDataset(files).map(features.deserialize_example)
        return _decoded(parsed)

    ways: dict[str, Read] = {
        RAW: raw,
        "open_records": lambda: _decoded(open_records([prepared])),
        "whole_bags, to 8 bits": lambda: (bag for _, bag in whole_bags(index)),
    }
    medians = _in_turns({name: functools.partial(_count, way) for name, way in ways.items()})
    print(f"\nreading {_crops_of(crops)}")
    for name, median in medians.items():
        _print_way(name, median, medians[RAW])
    print("meant: 0.7 or more times raw")
    equal = {name: all(map(np.array_equal, way(), crops)) for name, way in ways.items()}
    print(f"crops are those written: {equal}")


def _write(kind: type[TheirBuilder], config: str, folder: Path) -> None:
    place = _place(kind, folder)
    shutil.rmtree(place / kind.name / config, ignore_errors=True)
    kind(data_dir=place, config=config).download_and_prepare()


def _place(kind: type[TheirBuilder], folder: Path) -> Path:
    return folder / "P1" / kind.__name__


def _read_back(kind: type[TheirBuilder], config: str, folder: Path) -> np.ndarray:
    builder = kind(data_dir=_place(kind, folder), config=config)
    name = CROP if config == SINGLE else bags.PIXELS_FEATURE
    data = b"".join(record[name] for record in tfds.as_numpy(builder.as_dataset(split=SPLIT)))
    return np.frombuffer(data, np.uint8).reshape(TheirBuilder.crops.shape)


def _decoded(records: tf.data.Dataset) -> Iterator[np.ndarray]:
    decoded = records.map(lambda record: bags.decode_bag(record).crops)
    return decoded.prefetch(tf.data.AUTOTUNE).as_numpy_iterator()


def _count(way: Read) -> int:
    return sum(map(len, way()))


def _in_turns(ways: Mapping[str, Callable[[], object]]) -> dict[str, float]:
    """The median seconds of each way, after one round that warms up."""
    seconds: dict[str, list[float]] = {name: [] for name in ways}
    for number in range(_ROUNDS.value + 1):
        for name, way in ways.items():
            start = time.perf_counter()
            way()
            if number > 0:
                seconds[name].append(time.perf_counter() - start)
    return {name: statistics.median(some) for name, some in seconds.items()}


def _bag(number: int, crops: np.ndarray) -> list[dict[str, Any]]:
    count = len(crops)
    of_bag = {
        **_field(number),
        **dict.fromkeys((*bags.COUNTS, "excluded"), 0),
        **dict.fromkeys(("padded", "larger"), np.zeros(count, bool)),
        "cells": count,
        "crop_size": SIZE,
        "centres": np.zeros((count, 2), np.float32),
        "object_ids": np.arange(count),
        bags.PIXELS_FEATURE: crops,
    }
    return [of_bag]


def _single_crops(number: int, crops: np.ndarray) -> list[dict[str, Any]]:
    field, centre = _field(number), np.zeros(2, np.float32)
    return [
        {**field, "object_id": at, "centre": centre.copy(), CROP: crop}
        for at, crop in enumerate(crops)
    ]


def _field(number: int) -> dict[str, Any]:
    """What bags and single crops both say of their field."""
    names = ("well", "plane", "timepoint", "cell_line", "condition", "batch", "pert_iname")
    return {
        **dict.fromkeys((*names, "control_type"), "A01"),
        **dict.fromkeys(("low", "bit_depths"), np.zeros(CHANNELS, np.int32)),
        **dict.fromkeys(("hours", "concentration_um"), 1.0),
        **dict.fromkeys(("height", "width"), 1080),
        "high": np.full(CHANNELS, 255, np.int32),
        "plate": "P1",
        "site": str(number),
        "key": f"P1/A01/{number}",
        "simulated": True,
        "channels": ["DNA", "ER", "RNA"],
        "sha256": ["0" * 64] * CHANNELS,
        "perceptual_hash": "0" * 16,
        "dtype": "uint8",
        "metadata_json": "{}",
    }


def _crops_of(crops: np.ndarray) -> str:
    fields, count = crops.shape[:2]
    return (
        f"{fields * count} crops of {SIZE}×{SIZE}×{CHANNELS}, uint8, {count} a field; "
        f"medians of {_ROUNDS.value} rounds"
    )


def _print_way(name: str, seconds: float, base: float) -> None:
    rate = _FIELDS.value * _CELLS.value / seconds
    print(f"  {name:28}{rate:12,.0f} crops/s{base / seconds:8.2f}×")


if __name__ == "__main__":
    app.run(main)
