"""The loop on a small net; tests/fitting/small_fit.py holds net and data."""

import importlib.util
import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import keras
import numpy as np
import pandas as pd
import pytest

from cellscreen.errors import ConfigError, DataError
from cellscreen.fitting.fit import fit
from cellscreen.fitting.fit_config import MachineConfig
from cellscreen.fitting.machine import Machine

PROGRAM = Path(__file__).with_name("small_fit.py")
ONE_STEP_S = 0.05


def _small_fit():
    spec = importlib.util.spec_from_file_location("small_fit", PROGRAM)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


small = _small_fit()


def _run(folder, callbacks=(), **options):
    machine = Machine(MachineConfig(strategy="none", precision=options.get("precision", "float32")))
    return small.run(small.DEFAULTS | {"folder": str(folder)} | options, machine, callbacks)


def _weights(made):
    return [variable.numpy() for variable in made.model.variables]


def _equal(ours, theirs):
    return all(np.array_equal(a, b) for a, b in zip(ours, theirs, strict=True))


def _start(folder, environment=None, **options):
    words = [sys.executable, str(PROGRAM), json.dumps({"folder": str(folder), **options})]
    environment = os.environ | (environment or {})
    return subprocess.Popen(
        words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=environment
    )


def _finish(process):
    text = process.communicate(timeout=120)[0]
    assert process.returncode == 0, text[-3000:]
    return text


def _saved(folder, worker=0):
    with np.load(Path(folder) / f"weights_{worker}.npz") as file:
        return [file[name] for name in file.files]


def test_it_learns_and_tells_the_figures_of_every_epoch(tmp_path):
    _, history = _run(tmp_path, epochs=12, validate=True)
    assert [row["epoch"] for row in history] == list(range(12))
    assert history[-1]["loss"] < history[0]["loss"] / 2
    assert history[-1]["val_loss"] < 0.3
    assert history[-1]["learning_rate"] < history[3]["learning_rate"]
    assert history[-1]["grad_norm"] > 0


def test_the_same_seed_gives_the_same_weights_and_another_one_others(tmp_path):
    ours = _weights(_run(tmp_path / "a", epochs=1)[0])
    assert _equal(ours, _weights(_run(tmp_path / "b", epochs=1)[0]))
    assert not _equal(ours, _weights(_run(tmp_path / "c", epochs=1, seed=2)[0]))


def test_accumulated_parts_equal_one_batch(tmp_path):
    plain = {"dropout": 0.0, "normalise": False, "ema": 0.0, "epochs": 4, "clip_norm": 0.0}
    whole = _run(tmp_path / "a", **plain)[1]
    parts = _run(tmp_path / "b", accumulation=4, **plain)[1]
    assert [row["loss"] for row in parts] == pytest.approx([row["loss"] for row in whole], rel=1e-4)


def test_averaged_weights_answer_at_the_end(tmp_path):
    raw = _weights(_run(tmp_path / "a", ema=0.0)[0])
    averaged = _weights(_run(tmp_path / "b", ema=0.9)[0])
    assert not np.allclose(raw[0], averaged[0])


def test_gradients_are_clipped_after_they_are_summed(tmp_path):
    free = _run(tmp_path / "a", clip_norm=0.0, epochs=1)[1]
    clipped = _run(tmp_path / "b", clip_norm=1e-6, epochs=1)[1]
    assert clipped[0]["grad_norm"] > 1e-3  # what is told is the norm before clipping
    assert clipped[0]["loss"] != free[0]["loss"]


@pytest.mark.parametrize("when", ["mid_epoch", "epoch_end"])
def test_stopped_by_a_signal_it_goes_on_to_the_same_weights(tmp_path, when):
    whole, history = _run(tmp_path / "a", validate=True)

    class Stop(keras.callbacks.Callback):
        steps = 0

        def on_train_batch_end(self, batch, logs=None):
            type(self).steps += 1
            if type(self).steps == (7 if when == "mid_epoch" else 10):
                os.kill(os.getpid(), signal.SIGTERM)

    with pytest.raises(SystemExit, match="143"):
        _run(tmp_path / "b", [Stop()], validate=True)
    again, history_again = _run(tmp_path / "b", validate=True)
    assert _equal(_weights(whole), _weights(again))
    assert history_again == history


def test_a_signal_in_the_last_epoch_is_not_lost(tmp_path):
    class Stop(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            if epoch == 2:
                os.kill(os.getpid(), signal.SIGTERM)

    with pytest.raises(SystemExit, match="143"):
        _run(tmp_path / "b", [Stop()])
    made, history = _run(tmp_path / "b")
    whole, whole_history = _run(tmp_path / "a")
    assert history == whole_history
    assert _equal(_weights(made), _weights(whole))


def test_nan_is_no_overflow_of_float16(tmp_path):
    with pytest.raises(DataError, match="NaN or infinite"):
        _run(tmp_path, nan_row=5, precision="mixed_float16")


def test_early_stopping_ends_the_fit_and_is_remembered(tmp_path, monkeypatch):
    validation = small.validation()
    falling = iter([0.5, 0.4, 0.6, 0.7, 0.8, 0.9])
    figures = lambda rows, answers: {"loss": next(falling)}  # noqa: E731
    worse = type(validation)(validation.questions, figures)
    monkeypatch.setattr(small, "validation", lambda: worse)
    options = small.DEFAULTS | {"folder": str(tmp_path), "epochs": 20, "validate": True}
    machine = Machine(MachineConfig(strategy="none"))
    made = small.fitter(options, machine)
    made.fit_config = type(made.fit_config)(batch_size=8, epochs=20, patience=2, keep="best")
    made.reset(1)
    again = lambda: fit(made, small.examples(options), tmp_path, worse)  # noqa: E731
    history = again()
    assert [row["val_loss"] for row in history] == [0.5, 0.4, 0.6, 0.7]
    best = _weights(made)
    made.reset(2)
    assert again() == history  # nothing is trained any more
    assert _equal(_weights(made), best)


def test_a_nan_batch_stops_names_its_images_and_leaves_the_good_weights(tmp_path):
    with pytest.raises(
        DataError, match=r"NaN or infinite in epoch 0, step \d \(images image .*kept"
    ):
        _run(tmp_path, nan_row=5)
    noted = pd.read_csv(tmp_path / "nonfinite.csv")
    assert len(noted) == 8
    assert "image 5" in set(noted["key"])


def test_a_nan_batch_can_be_skipped_and_the_weights_stay_finite(tmp_path):
    made, history = _run(tmp_path, nan_row=5, on_nonfinite="skip")
    assert all(np.isfinite(array).all() for array in _weights(made))
    assert all(np.isfinite(row["loss"]) for row in history)
    noted = pd.read_csv(tmp_path / "nonfinite.csv")
    assert set(noted.groupby(["epoch", "step"])["key"].apply(lambda k: "image 5" in set(k))) == {
        True
    }


def test_data_of_nothing_but_nan_stops_even_when_skipping(tmp_path, monkeypatch):
    pixels, labels = small.images()
    monkeypatch.setattr(small, "images", lambda: (pixels * np.nan, labels))
    with pytest.raises(DataError, match="NaN or infinite"):
        _run(tmp_path, on_nonfinite="skip", epochs=6)


def test_a_checkpoint_of_another_net_is_refused(tmp_path):
    _run(tmp_path, epochs=1)
    with pytest.raises(ConfigError, match="checkpoint of a net with"):
        _run(tmp_path, epochs=1, normalise=False)


def test_a_batch_that_parts_cannot_share_is_refused(tmp_path):
    with pytest.raises(ConfigError, match="1 replicas with 3 parts each can share; got 8"):
        _run(tmp_path, accumulation=3)


def test_every_question_is_answered_once_in_any_number(tmp_path):
    made, _ = _run(tmp_path, epochs=1)
    pixels, _ = small.images()
    for count in (0, 1, 8, 11):
        asked = small.tf.data.Dataset.from_tensor_slices((pixels[:count], np.arange(count)))
        rows, answers = made.predict(small.Questions(asked, count))
        assert rows.tolist() == list(range(count))
        wanted = made.model(pixels[:count], training=False) if count else np.zeros((0, 2))
        assert answers == pytest.approx(np.asarray(wanted), abs=1e-6)


def test_multi_worker_without_its_addresses_is_refused(monkeypatch):
    monkeypatch.delenv("TF_CONFIG", raising=False)
    with pytest.raises(ConfigError, match="Expected TF_CONFIG in the environment"):
        Machine(MachineConfig(strategy="multi_worker"))


def _kill(folder, moments, **options):
    """Kills a fit at moments after its first new checkpoint; returns how many kills hit it."""
    hits = 0
    for moment in moments:
        before = set(Path(folder).glob("checkpoints/*"))
        process = _start(folder, seconds=0, **options)
        while process.poll() is None and set(Path(folder).glob("checkpoints/state-*")) <= before:
            time.sleep(0.002)
        time.sleep(moment)
        process.kill()
        process.communicate()
        hits += process.returncode == -signal.SIGKILL
        for path in Path(folder).glob("checkpoints/state-*.npz"):
            with np.load(path) as file:
                assert str(file["progress"])
    return hits


def test_killed_three_times_a_fit_ends_with_the_same_bits(tmp_path):
    options = {"validate": True, "epochs": 30}
    _finish(_start(tmp_path / "a", **options))
    hits = _kill(tmp_path / "b", (0.0, 0.15, 0.3), **options)
    assert hits >= 2
    _finish(_start(tmp_path / "b", **options))
    assert _equal(_saved(tmp_path / "a"), _saved(tmp_path / "b"))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("strategy", "jit", "kills"), [("none", True, 20), ("mirrored", False, 10)]
)
def test_killed_many_times_a_fit_ends_with_the_same_bits(tmp_path, strategy, jit, kills):
    options = {"validate": True, "epochs": 12 * kills, "strategy": strategy, "jit": jit}
    _finish(_start(tmp_path / "a", **options))
    moments = np.random.default_rng(0).uniform(0, 0.25, kills)
    assert _kill(tmp_path / "b", moments, **options) >= 0.8 * kills
    _finish(_start(tmp_path / "b", **options))
    assert _equal(_saved(tmp_path / "a"), _saved(tmp_path / "b"))


def test_two_replicas_end_bit_identical_and_equal_one_of_twice_the_batch(tmp_path):
    plain = {"dropout": 0.0, "normalise": False, "ema": 0.0, "epochs": 4}
    text = _finish(_start(tmp_path / "two", strategy="mirrored", **plain))
    assert "replicas agree: True" in text
    made, _ = _run(tmp_path / "one", **plain)
    for ours, theirs in zip(_saved(tmp_path / "two"), _weights(made), strict=True):
        assert ours == pytest.approx(theirs, abs=1e-4)


def _ports(count):
    sockets = [socket.socket() for _ in range(count)]
    for each in sockets:
        each.bind(("127.0.0.1", 0))
    found = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return found


def _workers(folder, **options):
    cluster = {"worker": [f"127.0.0.1:{port}" for port in _ports(2)]}
    return [
        _start(
            folder,
            {
                "TF_CONFIG": json.dumps(
                    {"cluster": cluster, "task": {"type": "worker", "index": number}}
                )
            },
            strategy="multi_worker",
            validate=True,
            **options,
        )
        for number in range(2)
    ]


def test_two_workers_end_with_the_same_bits(tmp_path):
    for worker in _workers(tmp_path):
        _finish(worker)
    assert _equal(_saved(tmp_path, 0), _saved(tmp_path, 1))


@pytest.mark.slow
def test_two_workers_killed_go_on_to_the_same_bits(tmp_path):
    for worker in _workers(tmp_path / "a", epochs=20):
        _finish(worker)
    killed = _workers(tmp_path / "b", epochs=20, seconds=0)
    while len(list((tmp_path / "b").glob("checkpoints/state-*.npz"))) < 2:
        time.sleep(0.01)
    time.sleep(0.3)
    for worker in killed:
        worker.kill()
        worker.communicate()
    for worker in _workers(tmp_path / "b", epochs=20):
        _finish(worker)
    for number in range(2):
        assert _equal(_saved(tmp_path / "a", number), _saved(tmp_path / "b", number))


@pytest.mark.slow
def test_workers_that_see_different_folders_are_refused(tmp_path):
    workers = _workers(tmp_path / "a", epochs=3, seconds=0)
    for worker in workers:
        _finish(worker)
    cluster = {"worker": [f"127.0.0.1:{port}" for port in _ports(2)]}
    apart = [
        _start(
            tmp_path / folder,
            {"TF_CONFIG": json.dumps({"cluster": cluster, "task": {"type": "worker", "index": n}})},
            strategy="multi_worker",
            epochs=6,
            validate=True,
        )
        for n, folder in enumerate(("a", "elsewhere"))
    ]
    for worker in apart:
        text = worker.communicate(timeout=120)[0]
        assert worker.returncode != 0
        assert "Expected the same weights and checkpoints on every worker" in text
