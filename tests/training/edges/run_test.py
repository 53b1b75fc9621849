import dataclasses
import json
import shutil

import keras
import numpy as np
import pandas as pd
import pytest

from cellscreen import commands
from cellscreen.errors import ConfigError, DataError
from cellscreen.fitting import fold_fits
from cellscreen.pipelines.folds import read_manifest
from cellscreen.training.configs import read_config
from cellscreen.training.edges.run import train_and_evaluate


def test_the_run_folder_is_whole(run):
    for name in ("config.json", "folds.csv", "metrics.csv", "run.json", "model_card.md"):
        assert (run / name).is_file(), name
    for fold in range(3):
        folder = run / f"fold_{fold}"
        assert (folder / "model.keras").is_file()
        assert len(pd.read_csv(folder / "history.csv")) == 12
        assert list((folder / "logs").rglob("events.*"))


def test_an_obvious_phenotype_is_learned_and_baselines_stand_beside_it(run):
    table = pd.read_csv(run / "metrics.csv").set_index(["model", "fold", "metric"])["value"]
    assert table["plain", "pooled", "accuracy"] >= 0.8
    assert table["majority_class", "pooled", "accuracy"] <= 0.5
    assert {"well_position", "edge_density"} <= set(table.index.get_level_values(0))


def test_each_image_is_predicted_by_the_fold_that_held_it_out(run):
    manifest = read_manifest(run / "folds.csv").set_index("key")
    for fold in range(3):
        predictions = pd.read_csv(run / f"fold_{fold}/predictions.csv")
        assert (manifest.loc[predictions["key"], "fold"] == fold).all()
        assert np.allclose(predictions["p_normoxia"] + predictions["p_hypoxia"], 1)


def test_the_card_and_summary_say_what_was_done(run):
    summary = json.loads((run / "run.json").read_text())
    assert summary["group"] == "AC16 48 h"
    assert (summary["leaky"], summary["simulated"], summary["n_images"]) == (False, False, 24)
    assert any("one class only" in warning for warning in summary["warnings"])
    assert "| edge_density |" in (run / "model_card.md").read_text()


def test_a_finished_fold_is_not_trained_again(run, tmp_path):
    copy = shutil.copytree(run, tmp_path / "run")
    before = (copy / "fold_0/model.keras").read_bytes()
    shutil.rmtree(copy / "fold_2")
    result = train_and_evaluate(read_config(copy), copy)
    assert (copy / "fold_0/model.keras").read_bytes() == before
    pd.testing.assert_frame_equal(
        pd.read_csv(copy / "fold_2/predictions.csv"),
        pd.read_csv(run / "fold_2/predictions.csv"),
        atol=1e-5,
    )
    assert len(result.predictions) == 24


def test_a_run_folder_of_another_config_is_refused(run):
    config = read_config(run)
    other = dataclasses.replace(config, fit=dataclasses.replace(config.fit, epochs=3))
    with pytest.raises(ConfigError, match="another config: epochs: 12 -> 3"):
        train_and_evaluate(other, run)


def test_changed_labels_under_a_run_are_refused(run, tmp_path):
    copy = shutil.copytree(run, tmp_path / "run")
    manifest = read_manifest(copy / "folds.csv")
    manifest["fold"] = (manifest["fold"] + 1) % 3
    manifest.to_csv(copy / "folds.csv", index=False)
    with pytest.raises(ConfigError, match="data or labels changed"):
        train_and_evaluate(read_config(copy), copy)


def test_a_batch_larger_than_the_fold_is_an_error(run, tmp_path):
    config = read_config(run)
    other = dataclasses.replace(config, fit=dataclasses.replace(config.fit, batch_size=64))
    with pytest.raises(ConfigError, match=r"batch_size of at most 16, .* got 64"):
        train_and_evaluate(other, tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_one_class_left_by_where_is_an_error(run, tmp_path):
    config = read_config(run)
    data = dataclasses.replace(config.data, where="condition=hypoxia")
    with pytest.raises(DataError, match="No image has condition=normoxia"):
        train_and_evaluate(dataclasses.replace(config, data=data), tmp_path / "run")


def test_ctrl_c_leaves_a_usable_last_model(run, tmp_path, monkeypatch):
    class Stop(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            if epoch == 1:
                raise KeyboardInterrupt

    monkeypatch.setattr(fold_fits, "_boards", lambda *_: [Stop()])
    with pytest.raises(KeyboardInterrupt):
        train_and_evaluate(read_config(run), tmp_path / "run")
    model = keras.saving.load_model(tmp_path / "run/fold_0/last.keras", safe_mode=True)
    assert np.isfinite(model(np.zeros((1, 32, 32, 1), np.float32))).all()
    assert not (tmp_path / "run/fold_0/predictions.csv").exists()


def test_folds_by_site_are_called_leaky(run, tmp_path):
    config = read_config(run)
    config = dataclasses.replace(
        config,
        folds_config=dataclasses.replace(config.folds_config, fold_by="site"),
        fit=dataclasses.replace(config.fit, epochs=0),
    )
    result = train_and_evaluate(config, tmp_path / "run")
    assert result.summary["leaky"]
    assert "Leaky" in (tmp_path / "run/model_card.md").read_text()


def test_an_untrained_net_is_marked_below_its_baselines(run, tmp_path):
    config = read_config(run)
    config = dataclasses.replace(config, fit=dataclasses.replace(config.fit, epochs=0))
    result = train_and_evaluate(config, tmp_path / "run")
    assert any(name.startswith("edge_density") for name in result.summary["below_baseline"])


def test_the_verb_trains_by_flags(records, tmp_path, capsys):
    arguments = [
        *("train-edges", f"--data_dir={records}", f"--workdir={tmp_path / 'run'}"),
        *("--net=plain", "--stem_width=2", "--dense_units=4", "--input_size=16"),
        *("--reduce_factor=4", "--folds=2", "--batch_size=4", "--epochs=1"),
    ]
    assert commands.main(arguments) == 0
    assert "Run folder:" in capsys.readouterr().out
    assert commands.main([*arguments, "--learning_rate=-1"]) == 2
    assert "Expected learning_rate above 0, up to 10; got -1.0" in capsys.readouterr().err
