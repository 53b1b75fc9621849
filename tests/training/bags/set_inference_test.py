import keras
import numpy as np
import pytest

from cellscreen.errors import ConfigError, DataError
from cellscreen.models.bag_config import BagNetConfig
from cellscreen.models.bag_nets import build_bag_net
from cellscreen.training.bags import cached_sets, set_inference
from cellscreen.training.bags.inference_config import InferenceConfig
from cellscreen.training.bags.set_inference import SetInference

CONFIG = InferenceConfig(sets=7, encode_batch=16)


@pytest.fixture(scope="module")
def net():
    keras.utils.set_random_seed(1)
    config = BagNetConfig(encoder="small", encoder_width=4, embedding_units=8, mlp_units=8)
    return build_bag_net(config, 16, ("DNA", "ER"), 2)


@pytest.fixture(scope="module")
def inference(net):
    return SetInference(net, 12, CONFIG)


def crops_of(cells, seed=0):
    return np.random.default_rng(seed).integers(0, 256, (cells, 16, 16, 2), np.uint8)


def naive(net, crops, at):
    """The whole net on each set, `(sets, outputs)`."""
    inputs = {"crops": crops[at] / np.float32(255), "mask": np.ones(at.shape, bool)}
    return np.asarray(net(inputs, training=False)["answer"])


@pytest.mark.parametrize("cells", [1, 5, 12, 70])
def test_cached_sets_answer_as_the_whole_net_does(net, inference, cells):
    crops = crops_of(cells)
    found = inference.answer(crops, "P1/A01")
    expected = naive(net, crops, inference.draws(cells, "P1/A01"))
    assert found.each.shape == (7, 2)
    np.testing.assert_allclose(found.each, expected, atol=1e-5)
    np.testing.assert_allclose(found.mean, expected.mean(axis=0), atol=1e-5)
    np.testing.assert_allclose(found.deviation, expected.std(axis=0, ddof=1), atol=1e-5)
    assert found.sets == 7
    assert found.drawn == len(np.unique(inference.draws(cells, "P1/A01")))
    assert not found.reason


def test_draws_follow_from_seed_and_key_alone(net):
    one, same, other = (SetInference(net, 12, CONFIG, seed) for seed in (3, 3, 4))
    crops = crops_of(40)
    one.answer(crops_of(9), "P1/B01")  # what was asked before changes nothing
    np.testing.assert_array_equal(one.draws(40, "P1/A01"), same.draws(40, "P1/A01"))
    assert (one.draws(40, "P1/A01") != other.draws(40, "P1/A01")).any()
    assert (one.draws(40, "P1/A01") != one.draws(40, "P1/A02")).any()
    np.testing.assert_array_equal(one.answer(crops, "k").each, same.answer(crops, "k").each)


def test_sets_draw_without_replacement_unless_cells_are_few(inference):
    assert all(len(set(one)) == 12 for one in inference.draws(40, "k"))
    assert all(set(one) == set(range(5)) for one in inference.draws(5, "k"))


def test_the_size_of_a_set_is_the_config_s_where_it_has_one(net, inference):
    config = InferenceConfig(sets=2, set_crops=30)
    assert SetInference(net, 12, config).draws(40, "k").shape == (2, 30)
    assert inference.draws(40, "k", set_crops=4).shape == (7, 4)


def test_each_drawn_crop_is_encoded_once_in_few_batch_sizes_and_nothing_is_traced_again(net):
    traces, sizes = [], []
    inference = SetInference(net, 12, CONFIG)
    encode = inference._net.encode

    def counted(crops):
        sizes.append(len(crops))
        return encode(crops)

    inference._net = inference._net._replace(encode=counted)
    for cells in (3, 21, 50, 7):
        drawn = inference.answer(crops_of(cells), f"P1/{cells}").drawn
        assert drawn <= sum(sizes) <= drawn + 1  # the last batches are of 16, 2 and 1
        traces.append(encode.experimental_get_tracing_count())
        sizes.clear()
    assert traces == [1, 1, 1, 1]


def test_a_large_bag_is_asked_a_few_sets_at_a_time(inference, monkeypatch):
    crops = crops_of(30)
    at_once = inference.answer(crops, "k").each
    monkeypatch.setattr(cached_sets, "_PAIRS", 2 * 13**2)
    np.testing.assert_allclose(inference.answer(crops, "k").each, at_once, atol=1e-6)


def test_without_cells_there_is_a_reason_and_no_score(inference):
    found = inference.answer(crops_of(0), "P1/A01")
    assert np.isnan(found.mean).all()
    assert np.isnan(found.deviation).all()
    assert (found.sets, found.drawn, found.reason) == (0, 0, "no cells")


def test_the_spread_of_one_set_is_undefined(net):
    found = SetInference(net, 12, InferenceConfig(sets=1)).answer(crops_of(20), "k")
    assert np.isfinite(found.mean).all()
    assert np.isnan(found.deviation).all()


def test_a_whole_bag_is_attended_to_at_once(net, inference):
    crops = crops_of(20)
    found = inference.attend(crops)
    inputs = {"crops": crops[None] / np.float32(255), "mask": np.ones((1, 20), bool)}
    whole = net(inputs, training=False)
    for name, value in whole.items():
        np.testing.assert_allclose(found[name], np.asarray(value)[0], atol=1e-5)
    np.testing.assert_allclose(found["crop_embeddings"], inference.embed(crops), atol=1e-6)
    with pytest.raises(DataError, match="a bag with cells to attend to"):
        inference.attend(crops_of(0))


def test_an_embedding_that_is_nan_names_plate_and_well(net):
    broken = keras.models.clone_model(net)
    for weight in broken.get_layer("crop_encoder").weights:
        weight.assign(np.full(weight.shape, np.nan, np.float32))
    inference = SetInference(broken, 12, CONFIG)
    with pytest.raises(DataError, match=r"finite embeddings of crops; 5 of 5 .*plate P1, well A01"):
        inference.answer(crops_of(5), "P1/A01/2")
    with pytest.raises(DataError, match=r"finite embeddings .*plate P2, well B03"):
        inference.attend(crops_of(5), "P2/B03")


def test_an_answer_that_is_nan_names_plate_and_well(net):
    broken = keras.models.clone_model(net)
    for weight in broken.get_layer("set_encoder").weights:
        weight.assign(np.full(weight.shape, np.nan, np.float32))
    with pytest.raises(DataError, match=r"finite answers; 7 of 7 .*plate P1, well A01"):
        SetInference(broken, 12, CONFIG).answer(crops_of(5), "P1/A01")


def test_weights_may_change_between_calls(net):
    changing = keras.models.clone_model(net)
    changing.set_weights(net.get_weights())
    inference, crops = SetInference(changing, 12, CONFIG), crops_of(20)
    before = inference.answer(crops, "k").mean
    changing.set_weights([weight + 0.1 for weight in net.get_weights()])
    after = inference.answer(crops, "k")
    assert np.abs(after.mean - before).max() > 1e-4
    np.testing.assert_allclose(
        after.each, naive(changing, crops, inference.draws(20, "k")), atol=1e-5
    )


@pytest.mark.parametrize(("field", "value"), [("sets", 0), ("set_crops", -1), ("encode_batch", 0)])
def test_a_number_that_cannot_work_is_named(field, value):
    with pytest.raises(ConfigError, match=f"Expected {field} of . or more; got {value}"):
        InferenceConfig(**{field: value})


def test_crops_are_scaled_as_in_training():
    seen = []

    class Encoder:
        def __call__(self, crops, training):
            seen.append(np.asarray(crops))
            return crops

    pixels = np.array([0, 51, 255], np.uint8)
    set_inference.encoded(Encoder(), pixels)
    assert seen[0].dtype == np.float32
    np.testing.assert_array_equal(seen[0], pixels / np.float32(255))
