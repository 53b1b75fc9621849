"""Labels that compounds' looks say nothing of: learned only where folds leak."""

import pytest

from cellscreen.fitting.fit_config import FitConfig, LossConfig, OptimizerConfig, Watch
from cellscreen.models.bag_config import BagNetConfig
from cellscreen.pipelines.bag_input import BagInput
from cellscreen.pipelines.fold_config import FoldConfig
from cellscreen.training.bags.config import BagDataConfig
from cellscreen.training.bags.run import train_and_evaluate

SEED = 0


@pytest.fixture(scope="module")
def shuffled_plate(bag_plates, tmp_path_factory):
    """18 compounds, each of a look of its own, labelled by chance; a well of 3 fields each."""
    folder = tmp_path_factory.mktemp("shuffled_plate")
    bag_plates.write_plate(folder, bag_plates.own_looks(SEED), doses=(1.0,), sites=3)
    bag_plates.build(folder, folder / "records")
    return folder


def _trained(bag_plates, folder, fold_by, workdir):
    config = bag_plates.tiny_config(
        BagDataConfig(str(folder / "records"), labels=str(folder / "labels.csv")),
        folds_config=FoldConfig(fold_by=fold_by, folds=2),
        bag_input=BagInput(bag_crops=2, bag_unit="field"),
        net_config=BagNetConfig(
            encoder="small", encoder_width=8, embedding_units=32, heads=2, set_head="mean"
        ),
        loss_config=LossConfig(),
        optimizer_config=OptimizerConfig(learning_rate=0.01, schedule="cosine"),
        fit=FitConfig(batch_size=8, epochs=60),
    )
    return train_and_evaluate(config, workdir, Watch(progress=False))


@pytest.mark.slow
def test_shuffled_labels_are_not_told_of_compounds_never_seen(bag_plates, shuffled_plate, tmp_path):
    result = _trained(bag_plates, shuffled_plate, "compound", tmp_path / "run")
    value, low, high = result.summary["levels"]["compound"]["auroc"]
    assert low < 0.5 < high
    assert abs(value - 0.5) < 0.2
    assert not result.summary["leaky"]
    assert "Leaky" not in result.card


@pytest.mark.slow
def test_folds_by_site_tell_shuffled_labels_and_the_output_says_leaky(
    bag_plates, shuffled_plate, tmp_path
):
    result = _trained(bag_plates, shuffled_plate, "site", tmp_path / "run")
    value, low, _ = result.summary["levels"]["field"]["auroc"]
    assert value > 0.75
    assert low > 0.5
    assert result.summary["leaky"]
    assert any("(leaky)" in warning for warning in result.summary["warnings"])
    assert "**Leaky: images of one well are in several folds" in result.card
