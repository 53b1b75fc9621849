"""Training on cells, whole, on two tiny plates; tests/training/cells/cell_plates.py writes them."""

import dataclasses
import json

import keras
import numpy as np
import pandas as pd
import pytest

from cellscreen import commands
from cellscreen.errors import ConfigError, DataError
from cellscreen.fitting import fold_fits, run_folder
from cellscreen.fitting.fit_config import FitConfig, LossConfig, Watch
from cellscreen.fitting.machine import Machine
from cellscreen.fitting.recipes import config_from_values, recipe_values
from cellscreen.models.hybrids import IMAGE_METADATA_HYBRID, MASK_FLOW_HYBRID
from cellscreen.models.tabular_branch import table_moments
from cellscreen.pipelines.balance import BalanceConfig
from cellscreen.pipelines.fold_config import FoldConfig
from cellscreen.pipelines.folds import read_manifest
from cellscreen.pipelines.order import Start
from cellscreen.training.cells import parts as cell_parts
from cellscreen.training.cells.config import CellDataConfig, CellsConfig
from cellscreen.training.cells.data import load_cells
from cellscreen.training.cells.judgement import reference_class
from cellscreen.training.cells.run import adapt_cells, cell_fitter, train_and_evaluate
from cellscreen.training.configs import read_config
from cellscreen.training.dry_run import dry_run

NET = "mask_flow_table_gate"
QUIET = Watch(progress=False)
AREA = "Nuclei_AreaShape_Area"


@pytest.fixture(scope="module")
def config(cell_plates, cell_records):
    return cell_plates.tiny_config(cell_records)


@pytest.fixture(scope="module")
def cell_run(config, tmp_path_factory):
    """A finished run folder of one held-out plate."""
    workdir = tmp_path_factory.mktemp("runs") / "run"
    train_and_evaluate(config, workdir, QUIET)
    return workdir


def _with(config, **parts):
    changed = {
        name: dataclasses.replace(getattr(config, name), **fields) for name, fields in parts.items()
    }
    return dataclasses.replace(config, **changed)


def _table_only(config, **parts):
    """Of a table alone, which needs no pixels."""
    return _with(config, net_config={"branches": (), "fusion": "concatenate"}, **parts)


def test_the_run_folder_is_whole_and_knows_its_trainer(cell_run, config):
    names = ("levels.csv", "bias.csv", "classes.csv", "confusions.csv", "fields.json", "run.json")
    for name in names:
        assert (cell_run / name).is_file(), name
    assert json.loads((cell_run / "config.json").read_text())["trainer"] == "cells"
    read = read_config(cell_run)
    assert read.net_config == config.net_config
    assert read.data.classes == ("AMG-900", "DMSO", "FK-866")


def test_obvious_looks_are_learned_at_every_level(cell_run):
    levels = pd.read_csv(cell_run / "levels.csv")
    assert levels.columns.tolist()[:8] == [
        *("level", "rule", "model", "fold", "metric", "value", "low", "high")
    ]
    pooled = levels[(levels["fold"] == "pooled") & (levels["metric"] == "accuracy")]
    of_net = pooled[pooled["model"] == NET].set_index(["level", "rule"])["value"]
    assert len(of_net) == 10
    assert of_net["cell", "none"] > 0.9
    assert (of_net["image"] > 0.9).all()
    models = {NET, "majority_class", "well_position", "cell_count", "intensity"}
    assert set(pooled["model"]) == models


def test_position_alone_predicts_the_compound_where_plates_share_a_layout(cell_run):
    levels = pd.read_csv(cell_run / "levels.csv")
    pooled = levels[(levels["fold"] == "pooled") & (levels["metric"] == "accuracy")]
    cells = pooled[pooled["level"] == "cell"].set_index("model")["value"]
    assert cells["well_position"] == 1
    assert cells["majority_class"] == pytest.approx(1 / 3)
    assert "well_position" in json.loads((cell_run / "run.json").read_text())["below_baseline"][0]


def test_the_manifest_has_a_row_a_cell_and_no_field_in_two_folds(cell_run):
    manifest = read_manifest(cell_run / "folds.csv")
    assert manifest["key"].iloc[0] == "P1/A01/1:1"
    assert (manifest.groupby("image")["fold"].nunique() == 1).all()
    assert len(manifest) == 96
    predictions = pd.read_csv(cell_run / "fold_0/predictions.csv")
    assert predictions.columns.tolist() == [
        *("key", "label", "p_AMG-900", "p_DMSO", "p_FK-866", "fold")
    ]
    held_out = manifest[manifest["fold"] == 0]
    assert predictions["key"].tolist() == held_out["key"].tolist()
    assert predictions["label"].tolist() == held_out["label"].tolist()


def test_the_bias_is_told_against_the_controls(cell_run, config):
    bias = pd.read_csv(cell_run / "bias.csv").set_index(["level", "metric"])
    assert bias.loc[("cell", "true_reference"), "value"] == pytest.approx(1 / 3)
    assert bias.loc[("cell", "called_reference"), "about"] == "DMSO"
    classes = pd.read_csv(cell_run / "classes.csv")
    assert classes[classes["level"] == "image"]["class"].tolist() == ["AMG-900", "DMSO", "FK-866"]
    assert reference_class(load_cells(_table_only(config))) == "DMSO"


def test_the_card_speaks_of_cells_and_levels(cell_run):
    card = (cell_run / "model_card.md").read_text()
    assert "## Cells held out by each fold" in card
    assert "| compound |" in card
    assert (
        "where its cells vote by majority, with 95 % intervals over positions; other rules" in card
    )
    summary = json.loads((cell_run / "run.json").read_text())
    assert summary["preparation"]["cells_found"] == 96
    assert summary["reference"] == "DMSO"


def test_the_table_is_standardised_over_training_cells_alone(cell_run, config):
    data = load_cells(config)
    rows = data.trained_rows(0)
    assert set(data.manifest.loc[rows, "Metadata_Plate"]) == {"P2"}
    mean, variance = table_moments(data.inputs.table[rows])
    layer = run_folder.load_fold(cell_run, 0).get_layer("table_normalization")
    np.testing.assert_allclose(layer.mean, mean, rtol=1e-6)
    np.testing.assert_allclose(layer.variance, variance, rtol=1e-5)
    assert layer.features == config.net_config.table_features


def test_stopped_and_resumed_training_gives_the_same_weights(
    cell_run, config, tmp_path, monkeypatch
):
    class Stop(keras.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            self.seen = getattr(self, "seen", 0) + 1
            if self.seen == 9:  # inside the second epoch of six steps
                raise KeyboardInterrupt

    assert config.net_config.table_dropout > 0
    monkeypatch.setattr(fold_fits, "_boards", lambda *_: [Stop()])
    with pytest.raises(KeyboardInterrupt):
        train_and_evaluate(config, tmp_path / "run", Watch(checkpoint_seconds=0, progress=False))
    monkeypatch.undo()
    train_and_evaluate(config, tmp_path / "run", QUIET)
    weights = [run_folder.load_fold(run, 0).get_weights() for run in (tmp_path / "run", cell_run)]
    for ours, theirs in zip(*weights, strict=True):
        np.testing.assert_array_equal(ours, theirs)
    for name in ("metrics.csv", "levels.csv", "bias.csv", "fold_0/predictions.csv"):
        assert (tmp_path / "run" / name).read_text() == (cell_run / name).read_text(), name


def test_a_dry_run_tells_cells_and_steps(config):
    text = dry_run(_table_only(config))
    assert "48 cells of 12 images. AMG-900: 16 cells, 16 an epoch" in text
    assert "Steps: 24 (1 folds, up to 4 epochs, batch 8; about 6 an epoch)." in text


def test_controls_are_cut_by_whole_images(config):
    balance = BalanceConfig(sampling="downsample")
    data = load_cells(_table_only(config, data={"where": "Well=A01,A02,A03,A04"}))
    cut = dataclasses.replace(data, config=dataclasses.replace(data.config, balance=balance))
    sizes = [one.manifest.loc[one.trained_rows(0), "label"].value_counts() for one in (data, cut)]
    assert [size.tolist() for size in sizes] == [[16, 8, 8], [8, 8, 8]]
    images = cut.manifest.loc[cut.trained_rows(0)].groupby("image").size()
    assert (images == 4).all()


def test_folds_by_site_are_told_as_leaky(config):
    folds = FoldConfig(fold_by="site", folds=2)
    data = load_cells(_table_only(config, folds_config=dataclasses.asdict(folds)))
    assert (data.manifest.groupby("image")["fold"].nunique() == 1).all()
    assert (data.manifest.groupby("Metadata_Well")["fold"].nunique() == 2).any()


def test_a_column_of_plate_maps_can_be_folded_by(config, cell_plates, tmp_path):
    folds = FoldConfig(fold_by="plate_map", fold_mode="leave_one_out")
    with pytest.raises(DataError, match="plate_map"):
        load_cells(_table_only(config, folds_config=dataclasses.asdict(folds)))


def test_cells_without_a_perimeter_are_left_out_and_counted(config, monkeypatch):
    index_cells = cell_parts.index_cells

    def flat(folders, names):
        index = index_cells(folders, names)
        index.table[:5, index.features.index("Nuclei_AreaShape_Perimeter")] = 0
        return index

    monkeypatch.setattr(cell_parts, "index_cells", flat)
    data = load_cells(_table_only(config))
    assert (data.counts["cells_found"], data.counts["perimeter_0"]) == (96, 5)
    assert len(data.manifest) == 91
    assert data.manifest["key"].iloc[0] == "P1/A01/2:2"


def test_a_table_of_others_replaces_the_features(config, tmp_path):
    data = load_cells(_table_only(config))
    area = data.inputs.table[:, 0]
    table = pd.DataFrame(
        {
            "Metadata_key": data.manifest["image"],
            "Metadata_ObjectNumber": data.index.cells["object_id"],
            "size": area * 2 + data.index.cells["left"],
        }
    )
    table.iloc[::-1][:-1].to_parquet(tmp_path / "cells.parquet")
    (tmp_path / "columns.csv").write_text(f"ours,theirs\n{AREA},size\n")
    files = {"cell_table": f"{tmp_path}/cells.parquet"}
    files |= {"cell_table_columns": f"{tmp_path}/columns.csv"}
    other = _with(config, data=files, net_config={"branches": (), "table_features": (AREA,),
                                                  "fusion": "concatenate"})  # fmt: skip
    found = load_cells(other)
    assert found.counts["cells_without_row"] == 1
    np.testing.assert_array_equal(found.inputs.table[:, 0], table["size"].to_numpy()[1:])
    with pytest.raises(ConfigError, match="missing: Nuclei_AreaShape_Extent"):
        load_cells(_with(other, net_config={"table_features": (AREA, "Nuclei_AreaShape_Extent")}))


def test_a_feature_that_holds_the_answer_is_refused_or_told(config, tmp_path):
    data = load_cells(_table_only(config))
    table = pd.DataFrame(
        {
            "Metadata_key": data.manifest["image"],
            "Metadata_ObjectNumber": data.index.cells["object_id"],
            "code": data.manifest["label"] + 10,
        }
    )
    table.to_parquet(tmp_path / "cells.parquet")
    net = {"branches": (), "table_features": ("code",), "fusion": "concatenate"}
    leaky = _with(config, data={"cell_table": f"{tmp_path}/cells.parquet"}, net_config=net)
    with pytest.raises(ConfigError, match="code has one value for all cells of an image: a net"):
        load_cells(leaky)
    found = load_cells(_with(leaky, net_config={"leaky_features": True}))
    assert any("Leaky feature allowed by --leaky_features: code" in leak for leak in found.leaks)


def test_a_constant_column_is_an_error_before_anything_is_trained(config, tmp_path):
    data = load_cells(_table_only(config))
    keys = {
        "Metadata_key": data.manifest["image"],
        "Metadata_ObjectNumber": data.index.cells["object_id"],
    }
    pd.DataFrame({**keys, "one": 1.0}).to_parquet(tmp_path / "cells.parquet")
    net = {"branches": (), "table_features": ("one",), "fusion": "concatenate"}
    constant = _with(config, data={"cell_table": f"{tmp_path}/cells.parquet"}, net_config=net)
    with pytest.raises(DataError, match=r"1 are constant \(variance 0\): one"):
        train_and_evaluate(constant, tmp_path / "run", QUIET)
    assert not (tmp_path / "run/fold_0").exists()


def test_a_class_with_one_image_is_left_out_and_told(config, monkeypatch, caplog):
    index_cells = cell_parts.index_cells

    def few(folders, names):
        index = index_cells(folders, names)
        compounds = index.of_cells(index.fields["Metadata_pert_iname"]).to_numpy()
        return index.selected((compounds != "AMG-900") | (index.images == "P1/A03/1"))

    monkeypatch.setattr(cell_parts, "index_cells", few)
    data = load_cells(_table_only(config))
    assert data.counts["classes_left_out"] == {"AMG-900": 1}
    assert data.manifest.loc[~data.manifest["trained"], "image"].unique() == ["P1/A03/1"]
    assert "AMG-900" in caplog.text
    classes = {"classes": ("AMG-900", "DMSO")}
    with pytest.raises(DataError, match=r"AMG-900"):
        load_cells(_table_only(config, data=classes))


@pytest.mark.parametrize(
    ("said", "message"),
    [
        ({"data_dir": ""}, "Expected --data_dir"),
        ({"label_column": ""}, "Expected --label_column"),
        ({"task": "a b"}, "letters, digits and _; got 'a b'"),
        ({"classes": ("one",)}, "two or more different classes; got"),
        ({"cell_table_columns": "x.csv"}, "Expected --cell_table beside"),
    ],
)
def test_data_that_cannot_be_asked_for_are_refused(said, message):
    with pytest.raises(ConfigError, match=message):
        CellDataConfig(**({"data_dir": "d"} | said))


def test_configs_whose_parts_contradict_are_refused():
    with pytest.raises(ConfigError, match="Expected --table_features, columns of --cell_table"):
        CellsConfig(CellDataConfig("d", cell_table="x.parquet"))
    with pytest.raises(ConfigError, match="the held-out part must decide nothing"):
        CellsConfig(CellDataConfig("d"), fit=FitConfig(patience=3))


def test_columns_of_metadata_and_missing_ones_are_refused(config):
    for names, message in (
        (("Well",), r"Well is what plates and wells are described by"),
        (("Nuclei_AreaShape_Zernike_0_0",), "missing: Nuclei_AreaShape_Zernike_0_0"),
    ):
        with pytest.raises(ConfigError, match=message):
            load_cells(_with(config, net_config={"table_features": names}))


def test_a_batch_larger_than_the_fold_is_an_error(config):
    with pytest.raises(ConfigError, match=r"at most 48, the training cells of the smallest"):
        load_cells(_table_only(config, fit={"batch_size": 49}))


@pytest.mark.slow
def test_folds_validation_weights_and_adjusted_logits_train_together(config, tmp_path):
    changed = _table_only(
        config,
        folds_config={"fold_mode": "kfold", "fold_by": "well", "folds": 2, "validation_share": 0.4},
        balance={"class_weights": "balanced"},
        fit={"epochs": 2, "keep": "best", "batch_size": 4},
    )
    changed = dataclasses.replace(changed, loss_config=LossConfig(logit_adjustment=1.0))
    result = train_and_evaluate(changed, tmp_path / "run", QUIET)
    levels = pd.read_csv(tmp_path / "run/levels.csv")
    assert set(levels["fold"].astype(str)) == {"0", "1", "pooled"}
    assert "temperature" in pd.read_csv(tmp_path / "run/fold_1/predictions.csv")
    assert "ece_after_temperature" in set(result.metrics["metric"])


@pytest.mark.slow
def test_planes_that_memory_cannot_keep_train_to_the_same_weights(
    cell_run, config, tmp_path, monkeypatch
):
    from cellscreen.pipelines import cell_pixels
    from cellscreen.training.cells import data as cell_data

    class OnDisk(cell_pixels.CellPixels):
        def __init__(self, *parts):
            super().__init__(*parts, memory=0)

    monkeypatch.setattr(cell_data, "CellPixels", OnDisk)
    train_and_evaluate(config, tmp_path / "run", QUIET)
    weights = [run_folder.load_fold(run, 0).get_weights() for run in (tmp_path / "run", cell_run)]
    for ours, theirs in zip(*weights, strict=True):
        np.testing.assert_array_equal(ours, theirs)
    assert not list((tmp_path / "run").rglob(".cache*"))


@pytest.mark.slow
def test_the_verb_trains_cells_by_flags(cell_records, tmp_path, capsys):
    words = [
        *("train-cells", "--flagfile=image_metadata_quick.flags", f"--data_dir={cell_records}"),
        *("--dataset=hcs", f"--table_features={AREA}", f"--workdir={tmp_path / 'run'}"),
        *("--fold_mode=holdout", "--fold_by=plate", "--holdout_share=0.5", "--cell_size=16"),
        *("--batch_size=16", "--epochs=1", "--warmup_epochs=0", "--jit=off", "--noprogress"),
    ]
    assert commands.main(words) == 0
    assert "Run folder:" in capsys.readouterr().out
    again = [f"--config={tmp_path / 'run/config.json'}", f"--workdir={tmp_path / 'again'}"]
    assert commands.main(["train-bags", *again]) == 2
    assert "this is one of the trainer cells" in capsys.readouterr().err


def test_the_flags_defaults_are_the_papers():
    from cellscreen.trainers.train_cells import FLAGS

    assert (FLAGS["schedule"].default, FLAGS["decay"].default) == ("step", 0.5)
    assert (FLAGS["drop_epochs"].default, FLAGS["label_smoothing"].default) == (5, 0.1)
    assert (FLAGS["batch_size"].default, FLAGS["cell_size"].default) == (512, 224)
    assert FLAGS["fold_by"].default == "well"


@pytest.mark.parametrize(
    ("name", "net"),
    [("mask_flow", MASK_FLOW_HYBRID), ("image_metadata", IMAGE_METADATA_HYBRID)],
)
def test_recipes_are_the_published_nets_and_quick_ones_their_small_kin(name, net):
    published, quick = (
        config_from_values(
            CellsConfig,
            recipe_values(CellsConfig, commands.RECIPES / f"{name}_{end}.flags")
            | {"data_dir": "records"},
        )
        for end in ("hybrid", "quick")
    )
    assert published.net_config == net
    small = quick.net_config
    assert (small.branches, small.fusion) == (net.branches, net.fusion)
    renamed = [column.replace("_RNA", "_median") for column in small.table_features]
    assert renamed == list(net.table_features)
    assert quick.cell_input.cell_size == 64


def test_our_own_recipe_reads_all_stains_and_no_place():
    configs = [
        config_from_values(
            CellsConfig,
            recipe_values(CellsConfig, commands.RECIPES / f"mask_intensity_{end}.flags")
            | {"data_dir": "records"},
        )
        for end in ("hybrid", "quick")
    ]
    nets = [config.net_config for config in configs]
    assert {net.branches for net in nets} == {("mask", "intensity")}
    assert nets[0].table_features == nets[1].table_features
    stains = {name.rpartition("_")[2] for name in nets[0].table_features if "Intensity" in name}
    assert stains == {"AGP", "DNA", "ER", "Mito", "RNA"}
    assert not [name for name in nets[0].table_features if "Box" in name or "Center" in name]
    assert configs[0].folds_config.fold_by == "plate"


@pytest.mark.slow
@pytest.mark.parametrize(
    "name", ["mask_flow_hybrid", "image_metadata_hybrid", "mask_intensity_hybrid"]
)
def test_published_recipes_take_two_steps(name, cell_records):
    values = recipe_values(CellsConfig, commands.RECIPES / f"{name}.flags")
    features = [
        column.replace("Cells_", "Nuclei_").replace("_median", "_RNA")
        for column in values["table_features"]
        if not column.endswith(("_AGP", "_ER", "_Mito"))  # stains that these plates do not have
    ]
    values |= {"data_dir": str(cell_records), "dataset": "hcs", "records": "cells"}
    values |= {"table_features": features, "batch_size": 2, "fold_by": "well", "folds": 2}
    config = config_from_values(CellsConfig, values)
    data = load_cells(config)
    fitter = cell_fitter(data.config, data, Machine(config.machine))
    fitter.reset(0)
    adapt_cells(fitter, data, 0)
    batches = fitter.batches(data.training(0), Start())
    for _ in range(2):
        figures = fitter.train_step(next(batches))
        assert bool(figures["finite"])
    assert int(fitter.optimizer.iterations) == 2
