"""Training on bags, whole, on a tiny plate; tests/training/bags/bag_plates.py writes it."""

import dataclasses
import json
import shutil

import keras
import numpy as np
import pandas as pd
import pytest

from cellscreen import commands
from cellscreen.errors import ConfigError, DataError
from cellscreen.fitting import fold_fits, run_folder
from cellscreen.fitting.fit_config import FitConfig, LossConfig, Watch
from cellscreen.pipelines.fold_config import FoldConfig
from cellscreen.pipelines.folds import read_manifest
from cellscreen.training.bags.config import BagDataConfig, BagsConfig
from cellscreen.training.bags.data import load_bags
from cellscreen.training.bags.run import answer_bags, train_and_evaluate
from cellscreen.training.configs import read_config
from cellscreen.training.dry_run import dry_run
from cellscreen.training.edges.config import EdgesConfig

HOLDOUT = FoldConfig(fold_mode="holdout", fold_by="compound", holdout_share=0.34)
QUIET = Watch(progress=False)


@pytest.fixture(scope="module")
def config(toxic_plate, bag_plates):
    data = BagDataConfig(
        str(toxic_plate / "records"), labels=str(toxic_plate / "labels.csv"), min_dose_um=5.0
    )
    return bag_plates.tiny_config(data, folds_config=HOLDOUT)


@pytest.fixture(scope="module")
def bag_run(config, tmp_path_factory):
    """A finished run folder of one held-out part, trained on 10 µM only."""
    workdir = tmp_path_factory.mktemp("runs") / "run"
    train_and_evaluate(config, workdir, QUIET)
    return workdir


def _with(config, **parts):
    changed = {
        name: dataclasses.replace(getattr(config, name), **fields) for name, fields in parts.items()
    }
    return dataclasses.replace(config, **changed)


def _weights(workdir):
    return run_folder.load_fold(workdir, 0).get_weights()


def test_the_run_folder_is_whole_and_knows_its_trainer(bag_run, config):
    for name in (
        "folds.csv",
        "metrics.csv",
        "run.json",
        "model_card.md",
        "levels.csv",
        "doses.csv",
    ):
        assert (bag_run / name).is_file(), name
    assert json.loads((bag_run / "crops.json").read_text())["channels"] == ["DNA", "ROS"]
    assert json.loads((bag_run / "config.json").read_text())["trainer"] == "bags"
    assert read_config(bag_run).data == config.data
    assert list((bag_run / "fold_0/logs").rglob("events.*"))


def test_an_obvious_look_is_learned_for_compounds_never_seen(bag_run):
    levels = pd.read_csv(bag_run / "levels.csv").set_index(["level", "model", "fold", "metric"])
    assert levels.loc[("compound", "small_transformer", "pooled", "auroc"), "value"] == 1
    assert levels.loc[("well", "majority_class", "pooled", "accuracy"), "value"] <= 0.5
    assert {"well_position", "cell_count"} <= set(levels.index.get_level_values("model"))
    manifest = read_manifest(bag_run / "folds.csv")
    assert (manifest.groupby("Metadata_pert_iname")["fold"].nunique() == 1).all()


def test_low_doses_are_scored_and_not_trained_on(bag_run):
    manifest = read_manifest(bag_run / "folds.csv")
    low = manifest["Metadata_concentration_um"].astype(float) < 5
    assert not manifest.loc[low, "trained"].any()
    predictions = pd.read_csv(bag_run / "fold_0/predictions.csv").set_index("key")
    held_out = manifest[low & (manifest["fold"] == 0)]
    assert len(held_out)
    assert (predictions.loc[held_out["key"], "label"] == -1).all()
    doses = pd.read_csv(bag_run / "doses.csv")
    auroc = doses[(doses["metric"] == "auroc") & (doses["model"] == "small_transformer")]
    assert auroc["concentration_um"].tolist() == [1.0, 10.0]
    assert auroc["trained"].tolist() == [False, True]
    assert auroc["value"].tolist() == [1.0, 1.0]
    assert auroc["n_bags"].tolist() == [4, 4]
    assert set(doses.loc[~doses["trained"], "model"]) == {"small_transformer"}


def test_predictions_hold_mean_and_spread_over_sets(bag_run):
    predictions = pd.read_csv(bag_run / "fold_0/predictions.csv")
    wanted = ["key", "label", "p_nontoxic", "p_toxic", "sd_nontoxic", "sd_toxic", "cells", "fold"]
    assert predictions.columns.tolist() == wanted
    np.testing.assert_allclose(predictions["p_nontoxic"] + predictions["p_toxic"], 1, atol=1e-6)
    assert (predictions["cells"] == 4).all()


def test_the_card_speaks_of_wells_and_levels(bag_run):
    summary = json.loads((bag_run / "run.json").read_text())
    card = (bag_run / "model_card.md").read_text()
    assert (summary["unit"], summary["resampled_by"], summary["n_compounds"]) == (
        "well",
        "compound",
        12,
    )
    assert (summary["n_without_cells"], summary["min_dose_um"]) == (1, 5.0)
    assert "1 of 24 wells have no cells: they are not scored." in summary["warnings"]
    assert "## Wells held out by each fold" in card
    assert "| compound_dose |" in card


def test_a_bag_without_cells_has_no_score(bag_run, config):
    data = load_bags(config)
    row = data.manifest.index[data.manifest["key"] == "P1/A01"].to_numpy()
    answer = answer_bags(run_folder.load_fold(bag_run, 0), data, row).iloc[0]
    assert np.isnan(answer["p_toxic"])
    assert (answer["cells"], answer["label"]) == (0, -1)


def test_a_net_that_answers_nan_is_an_error_with_plate_and_well(bag_run, config):
    model, data = run_folder.load_fold(bag_run, 0), load_bags(config)
    model.set_weights([array * np.nan for array in model.get_weights()])
    with pytest.raises(DataError, match=r"Expected finite embeddings.*plate P1, well A0"):
        answer_bags(model, data, np.array([5]))


def test_stopped_and_resumed_training_gives_the_same_weights(
    bag_run, config, tmp_path, monkeypatch
):
    class Stop(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            if epoch == 4:
                raise KeyboardInterrupt

    assert config.net_config.set_dropout > 0
    assert config.optimizer_config.ema > 0
    monkeypatch.setattr(fold_fits, "_boards", lambda *_: [Stop()])
    with pytest.raises(KeyboardInterrupt):
        train_and_evaluate(config, tmp_path / "run", Watch(checkpoint_seconds=0, progress=False))
    monkeypatch.undo()
    train_and_evaluate(config, tmp_path / "run", QUIET)
    for ours, theirs in zip(_weights(tmp_path / "run"), _weights(bag_run), strict=True):
        np.testing.assert_array_equal(ours, theirs)
    for name in ("metrics.csv", "levels.csv", "fold_0/predictions.csv"):
        assert (tmp_path / "run" / name).read_text() == (bag_run / name).read_text(), name


def test_crops_that_changed_under_a_run_are_refused(bag_run, config, tmp_path):
    copy = shutil.copytree(bag_run, tmp_path / "run")
    (copy / "crops.json").write_text('{"crop_size": 16, "channels": ["ROS", "DNA"]}')
    with pytest.raises(
        ConfigError, match=r"began with, 16 px of ROS, DNA; the records have 16 px of DNA, ROS"
    ):
        train_and_evaluate(config, copy, QUIET)


def test_a_run_of_edge_nets_is_not_gone_on_with(run, config, bag_run):
    with pytest.raises(ConfigError, match=r"trainer bags; this is one of the trainer edges"):
        train_and_evaluate(config, run, QUIET)
    with pytest.raises(ConfigError, match=r"trainer edges; this is one of the trainer bags"):
        run_folder.read_config_of(bag_run, EdgesConfig)


def test_a_dry_run_tells_bags_and_steps(config):
    text = dry_run(config)
    assert "Trainable params" in text
    assert "toxic: 4 wells, 4 an epoch" in text
    assert "Steps: 24 (1 folds, up to 12 epochs, batch 4; about 2 an epoch)." in text


def test_labels_that_join_nothing_are_an_error(config, tmp_path):
    (tmp_path / "labels.csv").write_text("pert_iname,label\n")
    other = _with(config, data={"labels": str(tmp_path / "labels.csv")})
    with pytest.raises(DataError, match=r"labels for some of 24 rows; none has one after joining"):
        load_bags(other)


def test_a_class_that_a_fold_lacks_is_an_error(config, tmp_path):
    lines = [f"c{n:02d},{n % 2}" for n in range(12)]  # every second compound is toxic
    (tmp_path / "folds.csv").write_text("\n".join(["pert_iname,fold", *lines]) + "\n")
    folds = FoldConfig("predefined", "compound", fold_csv=str(tmp_path / "folds.csv"))
    with pytest.raises(DataError, match=r"training part of fold 0 has no image of class \[0\]"):
        load_bags(dataclasses.replace(config, folds_config=folds))


def test_bags_that_all_lack_cells_are_an_error(bag_plates, tmp_path):
    looks = bag_plates.toxic_looks(2)
    bag_plates.write_plate(tmp_path, looks, doses=(1.0,), empty=("A01", "A02"))
    bag_plates.build(tmp_path, tmp_path / "records")
    data = BagDataConfig(str(tmp_path / "records"), labels=str(tmp_path / "labels.csv"))
    with pytest.raises(DataError, match=r"Expected bags with cells; all 2 have none"):
        load_bags(bag_plates.tiny_config(data))


def test_a_batch_larger_than_the_fold_is_an_error(config):
    with pytest.raises(ConfigError, match=r"at most 8, the training wells of the smallest"):
        load_bags(_with(config, fit={"batch_size": 9}))


@pytest.mark.slow
def test_several_tasks_with_missing_labels_train_and_are_judged_apart(
    toxic_plate, bag_plates, tmp_path
):
    toxic = (toxic_plate / "labels.csv").read_text().splitlines()
    (tmp_path / "few.csv").write_text("\n".join(toxic[:9]) + "\n")  # four compounds lack it
    data = BagDataConfig(
        str(toxic_plate / "records"),
        target="tasks",
        tasks=("herg", "mitotox"),
        labels=f"{toxic_plate / 'labels.csv'},{tmp_path / 'few.csv'}",
    )
    fit = FitConfig(batch_size=4, epochs=12)
    config = bag_plates.tiny_config(data, folds_config=HOLDOUT, fit=fit)
    result = train_and_evaluate(config, tmp_path / "run", QUIET)
    pooled = result.metrics[result.metrics["fold"] == "pooled"].set_index(["model", "metric"])
    assert pooled.loc[("small_transformer", "auroc[herg]"), "value"] == 1
    assert {"auroc[mitotox]", "auroc"} <= set(result.metrics["metric"])
    assert (result.predictions["label_mitotox"] == -1).any()
    assert result.summary["question"].endswith("the tasks herg, mitotox.")


@pytest.mark.slow
def test_the_dose_is_learned_by_regression(toxic_plate, bag_plates, tmp_path):
    data = BagDataConfig(str(toxic_plate / "records"), target="log_dose")
    fit = FitConfig(batch_size=4, epochs=2)
    config = bag_plates.tiny_config(data, folds_config=HOLDOUT, loss_config=LossConfig(), fit=fit)
    result = train_and_evaluate(config, tmp_path / "run", QUIET)
    assert set(result.metrics["metric"]) == {"rmse", "spearman", "r2"}
    assert sorted(result.predictions["value"].unique()) == [0, 1]
    pooled = result.metrics[result.metrics["fold"] == "pooled"].set_index(["model", "metric"])
    assert 0.4 < pooled.loc[("mean_dose", "rmse"), "value"] < 0.6  # doses 0 and 1, half each
    assert np.isfinite(pooled.loc[("small_transformer", "rmse"), "value"])


def test_all_values_of_a_column_can_be_the_classes(toxic_plate, bag_plates):
    data = BagDataConfig(str(toxic_plate / "records"), label_column="series", classes=())
    loaded = load_bags(bag_plates.tiny_config(data))
    assert loaded.config.data.classes == loaded.classes == ("half", "whole")


def test_the_verb_trains_bags_by_flags_and_keeps_their_config_from_edges(
    toxic_plate, tmp_path, capsys
):
    words = [
        *("train-bags", "--flagfile=mid_quick.flags", f"--data_dir={toxic_plate / 'records'}"),
        *(f"--labels={toxic_plate / 'labels.csv'}", f"--workdir={tmp_path / 'run'}"),
        *("--fold_mode=holdout", "--holdout_share=0.34", "--set_head=vote"),
        *("--encoder_width=4", "--embedding_units=8", "--heads=2", "--bag_crops=2", "--sets=2"),
        *("--batch_size=4", "--epochs=1", "--warmup_epochs=0", "--jit=off", "--noprogress"),
    ]
    assert commands.main(words) == 0
    assert "Run folder:" in capsys.readouterr().out
    again = [f"--config={tmp_path / 'run/config.json'}", f"--workdir={tmp_path / 'again'}"]
    assert commands.main(["train-edges", *again]) == 2
    assert "this is one of the trainer bags" in capsys.readouterr().err


def test_a_sweep_of_bags_is_planned(toxic_plate, tmp_path, capsys):
    sweep = {"title": "Heads", "grid": {"set_head": ["mean", "transformer"]}}
    (tmp_path / "heads.sweep").write_text(json.dumps(sweep))
    words = [f"--sweep={tmp_path / 'heads.sweep'}", f"--data_dir={toxic_plate / 'records'}"]
    assert commands.main(["train-bags", *words, "--dry_run"]) == 0
    assert "Heads: 2 cells" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("said", "message"),
    [
        ({"data_dir": ""}, "Expected --data_dir"),
        ({"classes": ("one",)}, "two or more different classes; got"),
        ({"classes": ()}, "--label_column beside empty --classes"),
        ({"target": "tasks"}, "--tasks with --target=tasks only"),
        ({"target": "tasks", "tasks": ("a", "b"), "labels": "x.csv"}, "each of 2 tasks, by commas"),
        ({"target": "log_dose", "labels": "x.csv"}, "no labels with --target=log_dose"),
        ({"min_dose_um": -1.0}, "min_dose_um of 0 or more; got -1.0"),
        ({"labels_by": "name"}, "Expected --labels, a table of compounds"),
    ],
)
def test_data_that_cannot_be_asked_for_are_refused(said, message):
    with pytest.raises(ConfigError, match=message):
        BagDataConfig(**({"data_dir": "d"} | said))


def test_configs_whose_parts_contradict_are_refused():
    data = BagDataConfig("d")
    with pytest.raises(ConfigError, match=r"--bag_unit=field with --fold_by=site"):
        BagsConfig(data, folds_config=FoldConfig(fold_by="site"))
    with pytest.raises(ConfigError, match=r"loss is the squared error"):
        BagsConfig(BagDataConfig("d", target="log_dose"))
    with pytest.raises(ConfigError, match="the held-out part must decide nothing"):
        BagsConfig(data, fit=FitConfig(patience=3))


def test_the_flags_defaults_are_the_papers():
    from cellscreen.trainers.train_bags import FLAGS

    assert (FLAGS["schedule"].default, FLAGS["label_smoothing"].default) == ("cosine", 0.1)
    assert (FLAGS["bag_crops"].default, FLAGS["sets"].default) == (12, 50)
    assert (FLAGS["fold_by"].default, FLAGS["bag_unit"].default) == ("compound", "well")
    plain = BagsConfig(BagDataConfig("d"))
    assert plain.optimizer_config.schedule == "cosine"
