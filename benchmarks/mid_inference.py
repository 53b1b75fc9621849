"""Cached inference of a bag beside the naive way, the whole net on each of 50 sets.

    python benchmarks/mid_inference.py                       # ResNet-18, 500 cells, n = 12, 48, 200
    python benchmarks/mid_inference.py --rounds=1 --cells=40 --crops=4 --encoder=small --size=16

A well of --cells random crops is asked with 50 sets of n crops. Cached: each crop that is drawn
goes through the crop encoder once, and only the set encoder runs on all sets. Naive: the compiled
whole net on --naive_sets of the same sets, as many at once as fill --encode_batch; its time for 50
is scaled up from theirs. Both take turns, and medians over the rounds count.

Beside the speed-up stands the bound: (crops drawn at least once) / (50 n) of the naive time, and
the set encoder's own time; the goal is 10 times at n = 200, and 1.2 times the bound elsewhere. The
greatest difference between both ways' answers is the correctness check. Times are never asserted.
"""

from __future__ import annotations

import argparse
import os
import statistics
import time
from collections.abc import Callable

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np
import tensorflow as tf

from cellscreen.models.bag_config import BagNetConfig
from cellscreen.models.bag_nets import build_bag_net
from cellscreen.training.bags.inference_config import InferenceConfig
from cellscreen.training.bags.set_inference import SetInference

CHANNELS, KEY = ("DNA", "ER", "Mito"), "P1/A01"
HEADINGS = ("n", "drawn", "naive s", "cached s", "sets s", "faster", "of bound", "difference")
WIDTHS = (5, 6, 9, 9, 8, 8, 9, 11)


def main() -> None:
    """Measures every number of crops and prints a row for each."""
    arguments = _arguments()
    keras.utils.set_random_seed(0)
    config = BagNetConfig(encoder=arguments.encoder)
    net = build_bag_net(config, arguments.size, CHANNELS, 2)
    shape = (arguments.cells, arguments.size, arguments.size, len(CHANNELS))
    crops = np.random.default_rng(0).integers(0, 256, shape, np.uint8)
    print(
        f"{arguments.encoder}, {arguments.cells} cells of {shape[1]}×{shape[2]}×{shape[3]}, "
        f"{arguments.sets} sets, batches of {arguments.encode_batch}; naive timed on "
        f"{arguments.naive_sets} sets and scaled to {arguments.sets}; median of "
        f"{arguments.rounds} rounds"
    )
    print("".join(name.rjust(width) for name, width in zip(HEADINGS, WIDTHS, strict=True)))
    for count in arguments.crops:
        row = measure(net, crops, count, arguments)
        print("".join(text.rjust(width) for text, width in zip(row, WIDTHS, strict=True)))


def measure(
    net: keras.Model, crops: np.ndarray, count: int, arguments: argparse.Namespace
) -> list[str]:
    """One row of the table: sets of `count` crops, both ways."""
    config = InferenceConfig(arguments.sets, count, arguments.encode_batch)
    inference = SetInference(net, count, config)
    at = inference.draws(len(crops), KEY)
    drawn, places = np.unique(at, return_inverse=True)
    embeddings = inference.embed(crops[drawn])
    naive = naive_way(net)

    def ask_naively() -> np.ndarray:
        asked, many = at[: arguments.naive_sets], max(arguments.encode_batch // count, 1)
        parts = [naive(crops[asked[k : k + many]]) for k in range(0, len(asked), many)]
        return np.concatenate([part.numpy() for part in parts])

    ways: dict[str, Callable[[], object]] = {
        "naive": ask_naively,
        "cached": lambda: inference.answer(crops, KEY),
        "sets": lambda: inference.answer_sets(embeddings, places.reshape(at.shape), KEY),
    }
    difference = np.abs(inference.answer(crops, KEY).each[: arguments.naive_sets] - ask_naively())
    seconds = in_turns(ways, arguments.rounds)
    whole = seconds["naive"] / min(arguments.naive_sets, arguments.sets) * arguments.sets
    bound = whole * len(drawn) / at.size + seconds["sets"]
    return [
        str(count),
        str(len(drawn)),
        f"{whole:.2f}",
        f"{seconds['cached']:.2f}",
        f"{seconds['sets']:.3f}",
        f"{whole / seconds['cached']:.1f}x",
        f"{seconds['cached'] / bound:.2f}x",
        f"{difference.max():.1e}",
    ]


def naive_way(net: keras.Model) -> Callable[[np.ndarray], tf.Tensor]:
    """The compiled whole net on sets of crops, `(sets, n, size, size, channels)` uint8."""

    @tf.function(reduce_retracing=True)
    def ask(crops: tf.Tensor) -> tf.Tensor:
        scaled = tf.cast(crops, tf.float32) / 255
        mask = tf.ones(tf.shape(scaled)[:2], tf.bool)
        return net({"crops": scaled, "mask": mask}, training=False)["answer"]

    return ask


def in_turns(ways: dict[str, Callable[[], object]], rounds: int) -> dict[str, float]:
    """Median seconds of each way; all were called before, so that nothing is traced."""
    times: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(rounds):
        for name, way in ways.items():
            began = time.perf_counter()
            way()
            times[name].append(time.perf_counter() - began)
    return {name: statistics.median(found) for name, found in times.items()}


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--encoder", default="resnet18")
    parser.add_argument("--cells", type=int, default=500)
    parser.add_argument("--size", type=int, default=96)
    parser.add_argument("--crops", type=lambda text: [int(n) for n in text.split(",")])
    parser.add_argument("--sets", type=int, default=50)
    parser.add_argument("--naive_sets", type=int, default=10)
    parser.add_argument("--encode_batch", type=int, default=InferenceConfig().encode_batch)
    parser.add_argument("--rounds", type=int, default=5)
    parser.set_defaults(crops=[12, 48, 200])
    return parser.parse_args()


if __name__ == "__main__":
    main()
