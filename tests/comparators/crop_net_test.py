import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from cellscreen.comparators.config import ComparatorConfig
from cellscreen.comparators.crop_net import CropNet, crop_classes, single_crops
from cellscreen.comparators.crop_profiles import crop_net_answers
from cellscreen.errors import ConfigError, DataError
from cellscreen.fitting.fit_config import Watch
from cellscreen.pipelines.bag_input import BagInput
from cellscreen.pipelines.bags import training_bags
from cellscreen.pipelines.order import Share, Start

CLASSES = ("nontoxic", "toxic")
QUIET = Watch(progress=False)
CONFIG = ComparatorConfig(
    crop_encoder="small",
    crop_width=4,
    crop_epochs=3,
    crops_of_bag=2,
    crop_batch=8,
    crop_learning_rate=0.003,
)


@pytest.fixture
def manifest(make_cells, make_manifest):
    return make_manifest(make_cells(compounds=8, wells_each=2, plates=1), folds=2)


def test_compounds_of_the_held_out_fold_are_no_class(manifest):
    rows, labels = crop_classes(manifest, 0, CONFIG)
    learned = manifest.iloc[rows]
    # DMSO is dealt to fold 0 as well: a held-out group teaches nothing, labelled or not.
    assert sorted(set(learned["group"])) == ["C02", "C03", "C06", "C07"]
    assert (learned["fold"] == 1).all()
    assert (labels[rows] >= 0).all()
    assert (np.delete(labels, rows) == -1).all()


def test_controls_without_a_label_are_one_more_class(manifest):
    rows, labels = crop_classes(manifest, 1, CONFIG)
    assert sorted(set(manifest.iloc[rows]["group"])) == ["C00", "C01", "C04", "C05", "DMSO"]
    assert labels[rows].max() == 4


def test_a_treatment_may_be_a_class_of_its_own(manifest):
    doses = np.where(np.arange(len(manifest)) < 8, 1.0, 10.0)
    config = ComparatorConfig(crop_classes="treatment")
    rows, labels = crop_classes(manifest.assign(Metadata_concentration_um=doses), 0, config)
    assert labels[rows].max() + 1 == 8


def test_without_compounds_there_is_nothing_to_tell_apart(manifest):
    with pytest.raises(ConfigError, match="Expected compounds"):
        crop_classes(manifest.drop(columns="Metadata_pert_iname"), 0, CONFIG)
    with pytest.raises(DataError, match=r"two compounds or more to tell apart; got \['C02'\]"):
        crop_classes(manifest[manifest["group"].isin(["C00", "C02"])], 0, CONFIG)


def test_every_crop_is_an_example_with_the_class_of_its_bag(manifest, made_bags):
    rows = np.arange(len(manifest))
    bags = training_bags(made_bags(manifest, rows % 2), rows, rows, BagInput(bag_crops=2), seed=0)
    inputs, labels, weights, of = next(iter(single_crops(bags, Start(), Share(8))))
    assert inputs["crops"].shape == (8, 1, 16, 16, 2)
    assert inputs["mask"].numpy().all()
    assert weights.shape == (8,)
    np.testing.assert_array_equal(labels, of)
    np.testing.assert_array_equal(labels[::2], labels[1::2])
    bright = inputs["crops"].numpy()[:, 0, 8, 8, 1] > 0.6
    np.testing.assert_array_equal(bright, of.numpy() % 2 == 1)
    with pytest.raises(ConfigError, match="a multiple of 2 crops; got 3"):
        single_crops(bags, Start(), Share(3))


def test_profiles_of_unseen_compounds_tell_bright_cells_apart(manifest, made_bags, tmp_path):
    toxic = manifest["label"] == 1
    net = CropNet(made_bags(manifest, toxic), manifest, CONFIG)
    found = crop_net_answers(net, CLASSES, tmp_path, QUIET)
    assert roc_auc_score(found["label"], found["p_toxic"]) > 0.9
    assert (tmp_path / "fold_1" / "model.keras").is_file()
    assert not (tmp_path / "fold_1" / "checkpoints").exists()
    # Bags that are dark now change nothing: what is finished is read, not trained again.
    dark = CropNet(made_bags(manifest, toxic & False), manifest, CONFIG)
    again = crop_net_answers(dark, CLASSES, tmp_path, QUIET)
    assert again.equals(found)
