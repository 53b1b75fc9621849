import keras
import numpy as np

from cellscreen.models.bag_layers import BagsOfEmbeddings, ClassToken, CropsOfBags


def test_crops_lie_in_the_order_of_their_bags():
    crops = np.arange(2 * 3 * 4, dtype=np.float32).reshape(2, 3, 2, 2, 1)
    out = np.asarray(CropsOfBags(("DNA",))(crops))
    np.testing.assert_array_equal(out.ravel(), np.arange(24))
    assert out.shape == (6, 2, 2, 1)


def test_embeddings_return_to_their_bags():
    embeddings = np.arange(12, dtype=np.float32).reshape(6, 2)
    out = np.asarray(BagsOfEmbeddings()(embeddings, np.ones((2, 3), bool)))
    np.testing.assert_array_equal(out[1, 0], [6, 7])
    assert out.shape == (2, 3, 2)


def test_token_stands_in_front_of_every_bag():
    layer = ClassToken()
    out = np.asarray(layer(np.ones((2, 3, 4), np.float32)))
    assert out.shape == (2, 4, 4)
    np.testing.assert_array_equal(out[:, 0], np.repeat(np.asarray(layer.token)[0], 2, axis=0))
    np.testing.assert_array_equal(out[:, 1:], np.ones((2, 3, 4)))


def test_shapes_without_a_number_of_crops():
    crops = keras.Input((None, 8, 8, 3))
    flat = CropsOfBags(("a", "b", "c"))(crops)
    assert flat.shape == (None, 8, 8, 3)
    bags = BagsOfEmbeddings()(keras.Input((5,)), keras.Input((None,), dtype="bool"))
    assert bags.shape == (None, None, 5)
    assert ClassToken()(bags).shape == (None, None, 5)


def test_names_survive_saving():
    layer = CropsOfBags(["DNA", "ROS"])
    assert CropsOfBags.from_config(layer.get_config()).channels == ("DNA", "ROS")
