"""Runs every combination of strategy, XLA, precision, accumulation and EMA; writes the page.

    python tools/support_table.py      # docs/support-table.md, about five minutes on two cores

Each strategy has a process of its own (two for two workers on loopback; two logical CPUs are the
replicas of mirrored). A cell counts as working if every loss is finite, the loss falls, and all
replicas and workers end with the same bits; XLA counts as used if it wrote out compiled modules.
"""

from __future__ import annotations

import importlib.util
import itertools
import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, cast, get_args

from cellscreen.fitting.fit_config import Precision, Strategy

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "support-table.md"
STRATEGIES: tuple[Strategy, ...] = ("none", "mirrored", "multi_worker")
PRECISIONS: tuple[Precision, ...] = ("float32", "mixed_bfloat16", "mixed_float16")
REPLICAS, WORKERS = 2, 2


def main() -> None:
    """Runs all strategies, or, with an argument, one of them in this process."""
    if len(sys.argv) > 1:
        print(json.dumps(run_strategy(cast(Strategy, sys.argv[1]))))
        return
    results = {strategy: run_processes(strategy) for strategy in STRATEGIES}
    PAGE.write_text(page(results), encoding="utf-8")
    print(PAGE.read_text(encoding="utf-8"))


def run_processes(strategy: Strategy) -> dict[str, Any]:
    """Starts the process (or workers) of one strategy; returns what they found, joined."""
    print(f"{strategy} …", file=sys.stderr)
    ports = _free_ports(WORKERS) if strategy == "multi_worker" else [0]
    processes = []
    with tempfile.TemporaryDirectory() as folder:
        for number, _ in enumerate(ports):
            cluster = {"worker": [f"127.0.0.1:{port}" for port in ports]}
            task = {"type": "worker", "index": number}
            environment = os.environ | {
                "XLA_FLAGS": f"--xla_dump_to={folder}/{number} --xla_dump_hlo_as_text"
            }
            if strategy == "multi_worker":
                environment["TF_CONFIG"] = json.dumps({"cluster": cluster, "task": task})
            words = [sys.executable, __file__, strategy]
            processes.append(
                subprocess.Popen(words, env=environment, stdout=subprocess.PIPE, text=True)
            )
        texts = [process.communicate()[0] for process in processes]
    if any(process.returncode for process in processes):
        raise RuntimeError(f"{strategy}: a process failed.")
    found = [json.loads(text.splitlines()[-1]) for text in texts]
    for name, cell in found[0]["cells"].items():
        cell["alike"] &= all(other["cells"][name]["digest"] == cell["digest"] for other in found)
    return found[0]


def run_strategy(strategy: Strategy) -> dict[str, Any]:
    """All cells of one strategy, then the edge nets, in this process."""
    import tensorflow as tf

    if strategy == "mirrored":
        cpu = tf.config.list_physical_devices("CPU")[0]
        logical = [tf.config.LogicalDeviceConfiguration()] * REPLICAS
        tf.config.set_logical_device_configuration(cpu, logical)
    from cellscreen.fitting.fit_config import MachineConfig
    from cellscreen.fitting.machine import Machine

    machine = Machine(MachineConfig(strategy=strategy))
    small = _small_fit()
    cells = {}
    crossed = itertools.product((False, True), PRECISIONS, (1, 2), (0.0, 0.9))
    for jit, precision, accumulation, ema in crossed:
        machine.precision = precision
        options = {"jit": jit, "accumulation": accumulation, "ema": ema, "epochs": 6}
        cells[json.dumps([jit, precision, accumulation, ema])] = _cell(small, machine, options)
    found: dict[str, Any] = {"cells": cells, "nets": {}}
    if strategy != "multi_worker":
        found["nets"] = _nets(machine, everything=strategy == "mirrored")
        found["losses"] = _losses(small, machine)
    return found


def _cell(small: Any, machine: Any, options: dict[str, Any]) -> dict[str, Any]:
    from cellscreen.fitting.fitter import weights_digest

    before, started = _compiled(), time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        made, history = small.run(small.DEFAULTS | options | {"folder": folder}, machine)
    losses = [row["loss"] for row in history]
    return {
        "falls": losses[-1] < losses[0] < float("inf"),
        "alike": small.replicas_agree(made, machine),
        "digest": weights_digest(made.model),
        "xla": _compiled() > before,
        "seconds": time.monotonic() - started,
    }


def _nets(machine: Any, everything: bool) -> dict[str, Any]:
    """A few steps of every edge net: plain, or with all that is on offer."""
    import keras
    import numpy as np
    import tensorflow as tf

    from cellscreen.fitting.fit_config import FitConfig, LossConfig, OptimizerConfig
    from cellscreen.fitting.fitter import Fitter
    from cellscreen.fitting.losses import class_loss, is_right
    from cellscreen.fitting.task import Task
    from cellscreen.models.edge_nets import build_edge_net
    from cellscreen.models.net_config import NetConfig, NetName

    small = _small_fit()
    images = np.random.default_rng(0).random((8, 32, 32, 1)).astype(np.float32)
    batch = (images, np.arange(8) % 2, np.ones(8, np.float32), np.arange(8))
    found = {}
    for name in get_args(NetName):
        machine.precision = "mixed_bfloat16" if everything else "float32"
        keras.utils.set_random_seed(0)
        config = NetConfig(net=name, stem_width=4, growth=2, dense_units=4)
        task = Task(
            lambda c=config: build_edge_net(c, 32, 2), class_loss(LossConfig(), 2), is_right
        )
        fit = FitConfig(batch_size=8, accumulation=2 if everything else 1)
        optimizer = OptimizerConfig(learning_rate=0.01, ema=0.9 if everything else 0.0)
        before = _compiled()
        fitter = Fitter(task, fit, optimizer, machine, jit=everything)
        data = tf.data.Dataset.from_tensor_slices(batch)
        batches = iter(
            machine.distribute(
                lambda share, d=data: d.batch(share.batch).repeat(), 8 // machine.replicas
            )
        )
        steps = [fitter.train_step(next(batches)) for _ in range(3)]
        found[name] = {
            "finite": all(bool(step["finite"]) for step in steps),
            "alike": small.replicas_agree(fitter, machine),
            "xla": _compiled() > before,
        }
    return found


def _losses(small: Any, machine: Any) -> list[float]:
    """Losses of 20 steps of batch 8 over all replicas, without dropout and batch normalisation."""
    machine.precision = "float32"
    options = small.DEFAULTS | {"dropout": 0.0, "normalise": False, "ema": 0.0}
    made = small.fitter(options, machine)
    made.reset(1)
    batches = made.batches(small.examples(options), small.Start())
    sums = [made.train_step(next(batches)) for _ in range(20)]
    return [float(step["loss"] / step["n"]) for step in sums]


def page(results: dict[str, dict[str, Any]]) -> str:
    """The page as Markdown."""
    columns = list(itertools.product(PRECISIONS, (1, 2), (0.0, 0.9)))
    lines = [HEAD]
    heads = [f"{p}{' acc.' if a > 1 else ''}{' EMA' if e else ''}" for p, a, e in columns]
    lines.append("| strategy | XLA | " + " | ".join(heads) + " |")
    lines.append("|---" * (len(columns) + 2) + "|")
    for strategy, jit in itertools.product(STRATEGIES, (False, True)):
        cells = results[strategy]["cells"]
        words = [_word(cells[json.dumps([jit, *column])], jit) for column in columns]
        lines.append(f"| {strategy} | {'on' if jit else 'off'} | " + " | ".join(words) + " |")
    lines += [
        "",
        NETS_HEAD,
        "",
        "| net | plain | mirrored, XLA, bfloat16, 2 parts, EMA |",
        "|---|---|---|",
    ]
    plain, whole = results["none"]["nets"], results["mirrored"]["nets"]
    for name in plain:
        words = [
            "works" if cell["finite"] and cell["alike"] and cell["xla"] == everything else "FAILS"
            for cell, everything in ((plain[name], False), (whole[name], True))
        ]
        lines.append(f"| {name} | {words[0]} | {words[1]} |")
    one, two = results["none"]["losses"], results["mirrored"]["losses"]
    apart = max(abs(a - b) / abs(a) for a, b in zip(one, two, strict=True))
    lines += ["", SAME.format(apart=apart), "", TAIL]
    return "\n".join(lines) + "\n"


def _word(cell: dict[str, Any], jit: bool) -> str:
    faults = [
        text
        for fault, text in (
            (not cell["falls"], "loss does not fall"),
            (not cell["alike"], "replicas differ"),
            (cell["xla"] != jit, "XLA not used" if jit else "XLA used"),
        )
        if fault
    ]
    return "**" + ", ".join(faults) + "**" if faults else "works"


def _compiled() -> int:
    """Modules that XLA has written out in this process."""
    folder = os.environ["XLA_FLAGS"].split("--xla_dump_to=")[1].split()[0]
    return len(list(Path(folder).glob("*"))) if Path(folder).is_dir() else 0


def _small_fit() -> Any:
    path = ROOT / "tests" / "fitting" / "small_fit.py"
    spec = importlib.util.spec_from_file_location("small_fit", path)
    if spec is None or spec.loader is None:
        raise FileNotFoundError(path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _free_ports(count: int) -> list[int]:
    sockets = [socket.socket() for _ in range(count)]
    try:
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]
    finally:
        for each in sockets:
            each.close()


HEAD = """# What trains with what

Written by `python tools/support_table.py`, which runs every cell: a small net with batch
normalisation and dropout, AdamW, global-norm clipping and a cosine schedule, six epochs. The
replicas of `mirrored` were two logical CPUs, the workers of `multi_worker` two processes on
loopback; **it was not run on a GPU**. A cell works if all losses are finite and fall, all replicas
and workers end with bit-identical weights, and XLA's compiled modules were seen where it is on, and
none where it is off. `acc.` is a batch computed in two parts.
"""
NETS_HEAD = "Every edge net in two cells, three steps each:"
SAME = (
    "Two replicas with 4 images each and one device with 8 give the same losses over 20 steps to a "
    "relative {apart:.0e} (without dropout and batch normalisation; the test's tolerance is 1e-4)."
)
TAIL = """## What holds everywhere

- `--batch_size` is what all replicas and parts share; what does not divide is refused at the start.
- Batch normalisation uses the statistics of each replica's own part of a batch. The moving ones are
  averaged over replicas after every step, so that they stay equal. They are not synchronised: XLA
  cannot compile that under a strategy. Small parts make noisy statistics.
- Dropout differs between replicas. Losses and accuracies are sums over all images, never means of
  means; validation collects all answers and computes its figures once.
- Images that do not fill a last batch wait for the next epoch's order; in validation and prediction
  the last batch is filled up, and what filled it is dropped again.
- `mixed_float16` scales losses dynamically: steps whose gradients overflow are left out, as usual.
  On CPUs it is emulated and slow, and says so.
- `multi_worker` without `TF_CONFIG`, a batch that does not divide, and a run folder in which
  another process trains end with a message before any step."""

if __name__ == "__main__":
    main()
