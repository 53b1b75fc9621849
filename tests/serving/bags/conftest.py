"""A finished run of nets of bags, written without training: two folds, a plate each."""

import json

import cv2
import keras
import numpy as np
import pytest


@pytest.fixture(scope="session")
def build_bags(cell_plate):
    """Returns a function that writes plates of cells and prepares their bags below a folder.

    Each plate is a little brighter in one pixel than the one before it, as no two files are equal.
    """
    from cellscreen.plates.table import read_plate_table
    from cellscreen.records.build import build_plates

    def build(folder, names, brighter=0):
        for more, name in enumerate(names, start=brighter):
            cell_plate.write_cell_plate(folder / "images", name)
            for path in (folder / "images" / name).rglob("*.png"):
                image = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
                image[0, 0] += more
                cv2.imwrite(str(path), image)
        table = read_plate_table(folder / "images")
        build_plates(table, folder / "records", "hcs", "bags", config=cell_plate.CONFIG)
        return folder / "records"

    return build


@pytest.fixture(scope="session")
def tiny_net():
    """Returns a function that makes a net of bags of 16 px crops."""
    return _tiny_net


@pytest.fixture(scope="session")
def bag_records(build_bags, tmp_path_factory):
    """The root of prepared bags of the plates P1 and P2, crops of 16 px of DNA and ER."""
    return build_bags(tmp_path_factory.mktemp("bag_records"), ["P1", "P2"])


@pytest.fixture(scope="session")
def bag_index(bag_records):
    from cellscreen.pipelines.bag_index import index_bags
    from cellscreen.pipelines.records import prepared_plates

    return index_bags(prepared_plates(bag_records, "hcs", "bags"), "well")


@pytest.fixture(scope="session")
def write_bag_run(bag_records, bag_index):
    """Returns a function that writes a run whose fold 0 holds P1 out and fold 1 P2."""
    return lambda folder, data=None, **more: _write_run(
        folder, bag_records, bag_index, data, **more
    )


@pytest.fixture(scope="session")
def bag_run(write_bag_run, tmp_path_factory):
    return write_bag_run(tmp_path_factory.mktemp("bag_runs") / "mid")


def _tiny_net(seed=0, channels=("DNA", "ER"), outputs=2, answer="classes", **more):
    """A net of bags whose answers differ enough between crops to tell them apart."""
    from cellscreen.models.bag_config import BagNetConfig
    from cellscreen.models.bag_nets import build_bag_net

    keras.utils.set_random_seed(seed)
    small = {"encoder": "small", "encoder_width": 4, "norm": "group", "norm_groups": 2}
    sizes = {"embedding_units": 8, "heads": 2, "depth": 1, "mlp_units": 8}
    net = build_bag_net(BagNetConfig(**small, **sizes, **more), 16, channels, outputs, answer)
    generator = np.random.default_rng(seed)
    for weight in net.trainable_variables:
        if len(weight.shape) > 1:
            weight.assign(weight + generator.normal(0, 0.3, weight.shape).astype(np.float32))
    return net


def _write_run(folder, bag_records, index, data=None, fold_by="plate", **more):
    from cellscreen.fitting.fit_config import FitConfig, LossConfig
    from cellscreen.fitting.flags import config_to_json
    from cellscreen.models.bag_config import BagNetConfig
    from cellscreen.pipelines.bag_checks import bag_checksums
    from cellscreen.pipelines.bag_input import BagInput
    from cellscreen.pipelines.fold_config import FoldConfig
    from cellscreen.plates.groups import row_groups
    from cellscreen.training.bags.config import BagDataConfig, BagsConfig
    from cellscreen.training.bags.inference_config import InferenceConfig

    asked = {"label_column": "pert_iname", "classes": ("DMSO", "drug")} | (data or {})
    config = BagsConfig(
        BagDataConfig(data_dir=str(bag_records), **asked),
        FoldConfig(folds=2, fold_by=fold_by),
        bag_input=BagInput(bag_crops=3),
        net_config=BagNetConfig(encoder="small"),
        inference=InferenceConfig(sets=6, encode_batch=4),
        loss_config=LossConfig(label_smoothing=0.0),
        fit=FitConfig(batch_size=2, epochs=6, seed=5),
    )
    folder.mkdir(parents=True)
    (folder / "config.json").write_text(config_to_json(config))
    bags = index.bags
    manifest = bags.filter(like="Metadata_").assign(
        key=bags["key"],
        group=row_groups(bags, fold_by),
        fold=(bags["Metadata_Plate"] == "P2").astype(int),
        inner=-1,
        label=(bags["Metadata_pert_iname"] == "drug").astype(int),
        trained=True,
        checksum=bag_checksums(index),
    )
    manifest.to_csv(folder / "folds.csv", index=False)
    said = {"net": "small_transformer", "group": "U2OS", "simulated": False, "leaky": False}
    (folder / "run.json").write_text(json.dumps(said | {"below_baseline": [], "versions": {}}))
    for fold in (0, 1):
        (folder / f"fold_{fold}").mkdir()
        _tiny_net(fold, **more).save(folder / f"fold_{fold}" / "model.keras")
    return folder
