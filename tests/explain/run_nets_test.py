import keras
import numpy as np
import pytest

from cellscreen.errors import ConfigError
from cellscreen.explain.attention import bag_attention
from cellscreen.explain.run_nets import run_nets
from cellscreen.fitting import run_folder
from cellscreen.models.bag_config import BagNetConfig
from cellscreen.models.bag_nets import build_bag_net
from cellscreen.training.bags.inference_config import InferenceConfig


@pytest.fixture(scope="module")
def workdir(tmp_path_factory):
    keras.utils.set_random_seed(0)
    config = BagNetConfig(encoder="small", encoder_width=4, embedding_units=8, heads=2, mlp_units=8)
    model = build_bag_net(config, 16, ("DNA", "ROS"), 2)
    folder = tmp_path_factory.mktemp("run")
    run_folder.save_model(model, folder / "fold_0" / run_folder.MODEL)
    return folder, model


CROPS = np.random.default_rng(0).integers(0, 256, (5, 16, 16, 2)).astype(np.uint8)


def net(folder, size=16, channels=("DNA", "ROS")):
    return run_nets(folder, InferenceConfig(), size, channels)(0)


def test_the_parts_answer_as_the_whole_net(workdir):
    folder, model = workdir
    found = net(folder)
    apart = found.ask(found.embed(CROPS)[None], np.ones((1, 5), bool))
    whole = model({"crops": CROPS[None] / np.float32(255), "mask": np.ones((1, 5), bool)})

    for name in ("answer", "attention", "rollout", "layers", "embedding"):
        np.testing.assert_allclose(apart[name], whole[name], atol=1e-5)


def test_masking_cells_is_leaving_them_out(workdir):
    found = net(workdir[0])
    cells = found.embed(CROPS)
    mask = np.array([[True, False, True, True, False]])
    masked = found.ask_masked(cells, mask)
    without = found.ask(cells[mask[0]][None], np.ones((1, 3), bool))

    np.testing.assert_allclose(masked["answer"], without["answer"], atol=1e-6)
    np.testing.assert_allclose(masked["attention"][mask], without["attention"][0], atol=1e-6)


def test_attention_of_a_real_net_has_a_mean_of_one(workdir):
    found = bag_attention(net(workdir[0]), net(workdir[0]).embed(CROPS))

    np.testing.assert_allclose(found.mean(), 1, atol=1e-5)
    assert {"attention", "rollout", "layer_0"} <= set(found)


def test_a_net_is_loaded_once(workdir):
    nets = run_nets(workdir[0], InferenceConfig(), 16, ("DNA", "ROS"))

    assert nets(0) is nets(0)


def test_crops_of_other_channels_are_refused(workdir):
    with pytest.raises(ConfigError, match="Expected the channels DNA, ROS"):
        net(workdir[0], channels=("ROS", "DNA"))
    with pytest.raises(ConfigError, match="Expected crops of 16 px"):
        net(workdir[0], size=32)
