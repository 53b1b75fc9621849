"""The training loop beside Keras' own `model.fit`: the same net, the same cached batches.

python benchmarks/training.py [--rounds=7]

Prints medians of interleaved runs with and without XLA, and the ratio; what both nets weigh after
the same steps (the correctness check); start-up from import to the first step; and memory over 50
epochs. Times are never asserted.
"""

from __future__ import annotations

import argparse
import logging
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
SIZE, BATCH, STEPS = 96, 16, 40
STARTED = time.monotonic()


def main() -> None:
    """Runs all parts."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--start", choices=("fit", "ours"), help="only the first step of one")
    arguments = parser.parse_args()
    logging.getLogger("absl").setLevel(logging.ERROR)
    if arguments.start:
        first_step(arguments.start)
        return
    print(f"dense_attention of quick.flags, {SIZE}x{SIZE}, batch {BATCH}, {STEPS} steps a run")
    for jit in (False, True):
        compare(arguments.rounds, jit)
    for name in ("fit", "ours"):
        words = [sys.executable, __file__, f"--start={name}"]
        done = subprocess.run(words, capture_output=True, text=True, check=True)
        print(f"import to first step, {name}: {done.stdout.split()[-1]} s")
    memory()


def batches() -> Any:
    """The same cached batches for both: `(images, labels, weights, rows)`."""
    import numpy as np
    import tensorflow as tf

    generator = np.random.default_rng(0)
    count = BATCH * STEPS
    images = (generator.random((count, SIZE, SIZE, 1)) < 0.1).astype("float32")
    labels = generator.integers(0, 2, count)
    rows = tf.data.Dataset.from_tensor_slices(
        (images, labels, np.ones(count, "float32"), np.arange(count))
    )
    return rows.batch(BATCH, drop_remainder=True).cache().prefetch(tf.data.AUTOTUNE)


def net() -> Any:
    """The net of the quick recipe, without dropout: `fit` draws its masks from other seeds."""
    import keras

    from cellscreen.models.edge_nets import build_edge_net
    from cellscreen.models.net_config import NetConfig

    keras.utils.set_random_seed(0)
    return build_edge_net(NetConfig(stem_width=8, reduction=4, dropout=0.0), SIZE, 2)


def peer(jit: bool) -> tuple[Callable, Any]:
    """Keras' fit; returns a function that trains some steps, and the net."""
    import keras

    model = net()
    model.compile(
        keras.optimizers.Adam(1e-3),
        "sparse_categorical_crossentropy",
        metrics=["accuracy"],
        jit_compile=jit,
    )
    data = batches().map(lambda images, labels, weights, rows: (images, labels)).repeat()

    def train(epochs: int = 1, callbacks: list | None = None) -> None:
        model.fit(data, epochs=epochs, steps_per_epoch=STEPS, verbose=0, callbacks=callbacks)

    return train, model


def ours(jit: bool) -> tuple[Callable, Any]:
    """The own loop; returns a function that trains some steps, and the net."""
    from cellscreen.fitting.fit import fit
    from cellscreen.fitting.fit_config import (
        FitConfig,
        LossConfig,
        MachineConfig,
        OptimizerConfig,
        Watch,
    )
    from cellscreen.fitting.fitter import Fitter
    from cellscreen.fitting.losses import class_loss, is_right
    from cellscreen.fitting.machine import Machine
    from cellscreen.fitting.task import Examples, Task

    task = Task(net, class_loss(LossConfig(), 2), is_right)
    optimizer = OptimizerConfig(learning_rate=1e-3, schedule="constant")
    machine = Machine(MachineConfig(strategy="none"))
    data = batches().repeat()
    examples = Examples(lambda start, share: data, BATCH * STEPS, lambda rows: list(map(str, rows)))
    fitters = {}

    def train(epochs: int = 1, callbacks: list | None = None) -> None:
        if epochs not in fitters:
            wanted = FitConfig(batch_size=BATCH, epochs=epochs)
            fitters[epochs] = Fitter(task, wanted, optimizer, machine, jit)
        with tempfile.TemporaryDirectory() as folder:
            fit(
                fitters[epochs],
                examples,
                Path(folder),
                callbacks=callbacks or [],
                watch=Watch(checkpoint_seconds=30, progress=False),
            )

    return train, lambda: fitters[1].model


def compare(rounds: int, jit: bool) -> None:
    """Medians of interleaved runs, and how far the weights are apart after the first one."""
    import numpy as np

    theirs, their_net = peer(jit)
    mine, my_net = ours(jit)
    seconds: dict[str, list[float]] = {"fit": [], "ours": []}
    for number in range(rounds + 1):
        for name, train in (("fit", theirs), ("ours", mine)):
            started = time.perf_counter()
            train()
            if number:  # the first one traces and compiles
                seconds[name].append(time.perf_counter() - started)
        if not number:
            apart = [
                float(np.abs(a.numpy() - b.numpy()).max())
                for a, b in zip(their_net.weights, my_net().weights, strict=True)
            ]
            print(f"XLA {jit}: weights after {STEPS} steps at most {max(apart):.1e} apart")
    fit, own = (statistics.median(seconds[name]) for name in ("fit", "ours"))
    print(
        f"XLA {jit}: fit {1000 * fit / STEPS:.2f} ms a step, ours {1000 * own / STEPS:.2f}, "
        f"ratio {own / fit:.3f}"
    )


def first_step(name: str) -> None:
    """Prints the seconds from the start of this process to the end of the first step."""
    import keras

    class Stop(keras.callbacks.Callback):
        def on_train_batch_end(self, batch: int, logs: dict | None = None) -> None:
            print(f"{time.monotonic() - STARTED:.2f}", flush=True)
            os._exit(0)

    train, _ = {"fit": peer, "ours": ours}[name](False)
    train(callbacks=[Stop()])


def memory() -> None:
    """Prints this process' memory after 5 and after 50 epochs."""
    import keras
    import psutil

    seen: dict[int, float] = {}

    class Note(keras.callbacks.Callback):
        def on_epoch_end(self, epoch: int, logs: dict | None = None) -> None:
            seen[epoch + 1] = psutil.Process().memory_info().rss / 1e6

    ours(False)[0](50, [Note()])
    print(f"memory after 5 epochs {seen[5]:.0f} MB, after 50 {seen[50]:.0f} MB")


if __name__ == "__main__":
    main()
