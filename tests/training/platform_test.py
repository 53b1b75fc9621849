"""What the flags of the training verb promise, on a few tiny images."""

import dataclasses
import json
import re
import shutil
import zipfile

import keras
import numpy as np
import pandas as pd
import pytest

from cellscreen import commands
from cellscreen.errors import ConfigError, DataError
from cellscreen.fitting import run_folder
from cellscreen.fitting.fit_config import Watch
from cellscreen.fitting.stopping import locked
from cellscreen.pipelines.folds import read_manifest
from cellscreen.training.configs import read_config
from cellscreen.training.dry_run import dry_run
from cellscreen.training.edges.run import train_and_evaluate

TINY = (
    *("--net=plain", "--stem_width=2", "--dense_units=4", "--input_size=16", "--jit=off"),
    *("--reduce_factor=4", "--folds=2", "--batch_size=4", "--epochs=2"),
)


def _verb(records, workdir, *more):
    return commands.main(
        ["train-edges", *TINY, f"--data_dir={records}", f"--workdir={workdir}", *more]
    )


def _with(config, **parts):
    changed = {
        name: dataclasses.replace(getattr(config, name), **fields) for name, fields in parts.items()
    }
    return dataclasses.replace(config, **changed)


def test_a_runs_config_repeats_it_to_the_same_weights(run, tmp_path, capsys):
    words = [f"--config={run / 'config.json'}", f"--workdir={tmp_path / 'again'}"]
    assert commands.main(["train-edges", *words]) == 0
    assert (tmp_path / "again/config.json").read_text() == (run / "config.json").read_text()
    for fold in range(3):
        ours, theirs = (
            keras.saving.load_model(folder / f"fold_{fold}/model.keras").get_weights()
            for folder in (tmp_path / "again", run)
        )
        assert all(np.array_equal(a, b) for a, b in zip(ours, theirs, strict=True))


def test_flags_override_a_runs_config(run, tmp_path):
    words = [f"--config={run / 'config.json'}", f"--workdir={tmp_path / 'again'}", "--epochs=1"]
    assert commands.main(["train-edges", *words]) == 0
    assert read_config(tmp_path / "again").fit.epochs == 1


def test_a_config_that_is_none_is_named(tmp_path, capsys):
    (tmp_path / "config.json").write_text("{")
    words = [f"--config={tmp_path / 'config.json'}", f"--workdir={tmp_path / 'run'}"]
    assert commands.main(["train-edges", *words]) == 2
    assert "Expected the JSON of a EdgesConfig" in capsys.readouterr().err


def test_what_was_auto_is_decided_once_and_kept(run, tmp_path):
    config = _with(read_config(run), machine={"jit": "auto", "strategy": "auto"})
    config = _with(config, fit={"epochs": 1})
    train_and_evaluate(config, tmp_path / "run")
    decided = read_config(tmp_path / "run").machine
    assert (decided.jit, decided.strategy) == ("off", "none")
    shutil.rmtree(tmp_path / "run/fold_1")
    train_and_evaluate(config, tmp_path / "run")  # auto again is the same run


def test_a_dry_run_tells_everything_and_writes_nothing(run, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    text = dry_run(read_config(run))
    assert "Trainable params" in text
    assert re.search(r"0\s+hypoxia\s+8\s+0\s+4", text)
    assert "Steps: 144 (3 folds, up to 12 epochs, batch 4; about 4 an epoch)." in text
    assert re.search(r"Time: about \d+\.\d min", text)
    assert list(tmp_path.iterdir()) == []


def test_validation_stops_early_keeps_the_best_and_calibrates(run, tmp_path):
    config = _with(
        read_config(run),
        folds_config={"folds": 2, "validation_share": 0.34},
        fit={"patience": 2, "keep": "best", "epochs": 30},
        optimizer_config={"schedule": "plateau", "decay": 0.5, "drop_epochs": 1},
    )
    result = train_and_evaluate(config, tmp_path / "run")
    history = pd.read_csv(tmp_path / "run/fold_0/history.csv")
    assert {"val_loss", "val_auroc", "learning_rate"} <= set(history)
    assert history["learning_rate"].iloc[-1] <= history["learning_rate"].iloc[0]
    predictions = pd.read_csv(tmp_path / "run/fold_0/predictions.csv")
    assert predictions["temperature"].nunique() <= 1
    assert "ece_after_temperature" in set(result.metrics["metric"])
    manifest = read_manifest(tmp_path / "run/folds.csv")
    assert set(manifest["inner"]) > {0}


def test_following_the_held_out_part_is_refused(run):
    config = read_config(run)
    with pytest.raises(ConfigError, match="the held-out part must decide nothing"):
        _with(config, fit={"patience": 3})


@pytest.mark.parametrize(
    "flags",
    [
        ("--class_weights=balanced", "--loss=focal", "--optimizer=adamw", "--ema=0.9"),
        ("--sampling=balanced", "--schedule=cosine", "--warmup_epochs=1", "--accumulation=2"),
        ("--sampling=downsample", "--precision=mixed_bfloat16", "--label_smoothing=0.1"),
        ("--strategy=mirrored", "--jit=on", "--clip_norm=1", "--schedule=step"),
        ("--fold_mode=holdout", "--holdout_share=0.3"),
        ("--fold_mode=leave_one_out", "--train_where=batch=b1", "--epochs=0", "--fold_by=Well"),
    ],
)
def test_every_option_trains(records, tmp_path, flags):
    assert _verb(records, tmp_path / "run", *flags) == 0
    summary = json.loads((tmp_path / "run/run.json").read_text())
    assert summary["n_images"] == 24


def test_the_watch_flags_write_histograms_scalars_and_a_profile(records, tmp_path):
    watch = ("--histogram_epochs=1", "--scalar_steps=2", "--profile=2,3", "--fold_mode=holdout")
    assert _verb(records, tmp_path / "run", *watch) == 0
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    found = {"tensors": set()}
    for path in (tmp_path / "run/fold_0/logs").rglob("events.out*"):
        reader = EventAccumulator(str(path))
        reader.Reload()
        found["tensors"] |= set(reader.Tags()["tensors"])
    names = " ".join(sorted(found["tensors"]))
    for wanted in ("epoch_loss", "batch_grad_norm", "epoch_learning_rate", "inputs/augmented"):
        assert wanted in names
    for wanted in ("held_out/confusion_matrix", "held_out/reliability", "kernel/histogram"):
        assert wanted in names
    assert list((tmp_path / "run/fold_0/logs").rglob("*.xplane.pb"))


def test_a_second_process_in_one_run_folder_is_refused(records, tmp_path, capsys):
    with locked(tmp_path / "run"):
        assert _verb(records, tmp_path / "run") == 2
    assert "is training in this run folder" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("flag", "message"),
    [
        ("--precision=float64", "precision=float64: value should be one of <float32|mixed_bfl"),
        ("--learning_rate=nan", "Expected learning_rate above 0, up to 10; got nan"),
        ("--learning_rate=inf", "Expected learning_rate above 0, up to 10; got inf"),
        ("--batch_size=5", "3 parts each can share; got 5"),
        ("--batch_size=99", "Expected a batch_size of at most 12"),
        ("--folds=13", "fewer than 13"),
        ("--epochz=3", "Unknown command line flag 'epochz'"),
        ("--profile=x", "Expected profile as two step numbers"),
    ],
)
def test_bad_flags_end_with_status_2_and_say_why(records, tmp_path, capsys, flag, message):
    more = ("--accumulation=3",) if flag == "--batch_size=5" else ()
    assert _verb(records, tmp_path / "run", flag, *more) == 2
    assert message in capsys.readouterr().err
    assert not (tmp_path / "run/fold_0").exists()


def test_an_unknown_flag_in_a_recipe_is_named(records, tmp_path, capsys):
    (tmp_path / "own.flags").write_text("--learning_rat=1\n")
    assert _verb(records, tmp_path / "run", f"--flagfile={tmp_path / 'own.flags'}") == 2
    assert "learning_rat" in capsys.readouterr().err


def test_a_class_that_a_training_part_lacks_is_an_error(records, tmp_path, capsys):
    table = pd.DataFrame({"well": [f"A{n:02d}" for n in range(1, 7)], "fold": [0] * 3 + [1] * 3})
    table["plate"] = "AC16_normoxia"
    other = table.assign(plate="AC16_hypoxia", fold=0)
    pd.concat([table, other]).to_csv(tmp_path / "folds.csv", index=False)
    flags = ("--fold_mode=predefined", f"--fold_csv={tmp_path / 'folds.csv'}")
    assert _verb(records, tmp_path / "run", *flags) == 2
    assert re.search("training part of fold 0 has no image of class", capsys.readouterr().err)


@keras.saving.register_keras_serializable("elsewhere")
class _Known(keras.layers.Layer):
    def call(self, inputs):
        return inputs


def _malicious(path, change):
    """A model file whose layer says what `change` makes of its config."""
    inputs = keras.Input((2,))
    keras.Model(inputs, keras.layers.Dense(1, name="victim")(inputs)).save(path)
    with zipfile.ZipFile(path) as file:
        parts = {name: file.read(name) for name in file.namelist()}
    config = json.loads(parts["config.json"])
    for layer in config["config"]["layers"]:
        if layer["config"]["name"] == "victim":
            change(layer)
    parts["config.json"] = json.dumps(config).encode()
    with zipfile.ZipFile(path, "w") as file:
        for name, data in parts.items():
            file.writestr(name, data)


def _as_lambda(layer):
    layer["class_name"], layer["module"] = "Lambda", "keras.layers"
    code = {"class_name": "__lambda__", "config": {"code": "4wEAAA==", "defaults": None}}
    layer["config"] = {"name": "victim", "function": code}


def _as_system_call(layer):
    layer["class_name"], layer["module"], layer["registered_name"] = "system", "os", "system"
    layer["config"] = {"command": "touch /tmp/broken_in"}


@pytest.mark.parametrize("change", [_as_lambda, _as_system_call])
def test_a_malicious_model_file_does_not_load(run, tmp_path, change):
    copy = shutil.copytree(run, tmp_path / "run")
    _malicious(copy / "fold_0/model.keras", change)
    with pytest.raises(ConfigError, match="cannot be loaded"):
        run_folder.load_fold(copy, 0)


def test_a_cut_model_file_is_named(run, tmp_path):
    copy = shutil.copytree(run, tmp_path / "run")
    path = copy / "fold_0/model.keras"
    path.write_bytes(path.read_bytes()[:500])
    with pytest.raises(ConfigError, match=r"cannot be loaded.*model.keras"):
        run_folder.load_fold(copy, 0)


def test_a_run_that_meets_nan_keeps_the_good_net(run, tmp_path, monkeypatch):
    config = _with(read_config(run), optimizer_config={"learning_rate": 10.0})
    config = _with(config, fit={"epochs": 2})
    from cellscreen.training.edges import run as edges

    real = edges.class_loss

    def exploding(loss_config, n_classes, prior=None):
        loss = real(loss_config, n_classes, prior)
        return lambda labels, answers: loss(labels, answers) / keras.ops.cast(labels, "float32")

    monkeypatch.setattr(edges, "class_loss", exploding)
    with pytest.raises(DataError, match="NaN or infinite in epoch 0, step 0"):
        train_and_evaluate(config, tmp_path / "run")
    noted = pd.read_csv(tmp_path / "run/fold_0/nonfinite.csv")
    assert set(noted["key"]) <= set(read_manifest(tmp_path / "run/folds.csv")["key"])
    model = keras.saving.load_model(tmp_path / "run/fold_0/last.keras")
    assert all(np.isfinite(array).all() for array in model.get_weights())


def test_a_fold_goes_on_where_it_was_stopped(run, tmp_path, monkeypatch):
    config = read_config(run)
    from cellscreen.fitting import fold_fits

    class Stop(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            if epoch == 4:
                raise KeyboardInterrupt

    monkeypatch.setattr(fold_fits, "_boards", lambda *_: [Stop()])
    with pytest.raises(KeyboardInterrupt):
        train_and_evaluate(config, tmp_path / "run", Watch(checkpoint_seconds=0))
    monkeypatch.undo()
    train_and_evaluate(config, tmp_path / "run")
    ours, theirs = (
        keras.saving.load_model(folder / "fold_0/model.keras").get_weights()
        for folder in (tmp_path / "run", run)
    )
    assert all(np.array_equal(a, b) for a, b in zip(ours, theirs, strict=True))
    assert not (tmp_path / "run/fold_0/checkpoints").exists()
