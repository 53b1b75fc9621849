import numpy as np
import pytest
import tensorflow as tf

from cellscreen.errors import ConfigError
from cellscreen.images.edges import pack_edges
from cellscreen.pipelines import edges
from cellscreen.pipelines.edge_input import EdgeInput
from cellscreen.pipelines.edges import augment, keyed_maps, questions, training_maps
from cellscreen.pipelines.order import Share, Start


def records_of(maps, channels=None):
    features = {
        "key": [f"k{number}" for number in range(len(maps))],
        "channel": channels or [""] * len(maps),
        "height": np.array([m.shape[0] for m in maps], np.int32),
        "width": np.array([m.shape[1] for m in maps], np.int32),
        "edges": [pack_edges(m) for m in maps],
    }
    return tf.data.Dataset.from_tensor_slices(features)


def maps_of(count, size=32):
    generator = np.random.default_rng(0)
    return [(generator.random((size, size)) < 0.2).astype(np.uint8) for _ in range(count)]


def test_only_chosen_keys_of_the_channel_pass():
    records = records_of(maps_of(4), ["a", "b", "a", "a"])
    rows = [int(row) for row, *_ in keyed_maps(records, {"k0": 7, "k1": 8, "k3": 9}, "a")]
    assert rows == [7, 9]


def test_evaluation_gives_every_map_once_in_order():
    maps = maps_of(5)
    chosen = keyed_maps(records_of(maps), {f"k{n}": n for n in range(5)})
    asked = list(questions(chosen, EdgeInput(16, 2)))
    images = np.stack([image for image, _ in asked])
    by_hand = np.stack(maps).reshape(5, 16, 2, 16, 2).mean((2, 4))
    np.testing.assert_array_equal(images[..., 0], by_hand.astype(np.float32))
    assert [int(row) for _, row in asked] == list(range(5))


@pytest.mark.parametrize("edge_input", [EdgeInput(16, 2), EdgeInput(16, 1)])
def test_training_batches_are_full_and_the_seed_decides_them(edge_input):
    labels = tf.constant([0, 1, 0, 1, 1], tf.int64)
    chosen = keyed_maps(records_of(maps_of(5)), {f"k{n}": n for n in range(5)})

    weights = tf.constant([1.0, 3.0])

    def first(seed, *start):
        maps = training_maps(chosen, labels, edge_input, 5, seed, weights)
        taken = list(maps.batches(Start(*start), Share(2)).take(6))
        return [np.concatenate([batch[part] for batch in taken]) for part in range(4)]

    images, classes, importance, rows = first(1)
    assert images.shape == (12, 16, 16, 1)
    assert 0 <= images.min() <= images.max() <= 1 + 1e-6
    assert np.array_equal(classes, labels.numpy()[rows])
    assert np.array_equal(importance, np.where(classes == 1, 3, 1))
    assert all(len(set(rows[4 * epoch :][:4])) == 4 for epoch in range(3))
    np.testing.assert_array_equal(images, first(1)[0])
    assert not np.array_equal(images, first(2)[0])
    np.testing.assert_array_equal(images[6:], first(1, 1, 1)[0][:6])


def test_reduced_maps_that_do_not_fit_in_memory_are_kept_on_disk(tmp_path, monkeypatch):
    chosen = keyed_maps(records_of(maps_of(5)), {f"k{n}": n for n in range(5)})
    labels, weights = tf.constant([0, 1, 0, 1, 1], tf.int64), tf.constant([1.0, 1.0])

    def batches(disk):
        maps = training_maps(chosen, labels, EdgeInput(16, 2), 5, 1, weights, disk=disk)
        return maps.cached, [b[0].numpy() for b in maps.batches(Start(), Share(2)).take(6)]

    in_memory, wanted = batches(tmp_path)
    assert in_memory
    assert list(tmp_path.iterdir()) == []
    monkeypatch.setattr(edges, "CACHE_BYTES", 10)
    in_memory, found = batches(tmp_path)
    assert not in_memory
    assert list(tmp_path.glob("maps*"))
    np.testing.assert_array_equal(np.stack(found), np.stack(wanted))


def test_few_maps_wait_in_memory_where_not_all_fit(monkeypatch):
    monkeypatch.setattr(edges, "CACHE_BYTES", 10)
    monkeypatch.setattr(edges, "SHUFFLE_ROWS", 2)
    chosen = keyed_maps(records_of(maps_of(40)), {f"k{n}": n for n in range(40)})
    labels, weights = tf.zeros(40, tf.int64), tf.constant([1.0])
    maps = training_maps(chosen, labels, EdgeInput(16, 1), 40, 1, weights)
    rows = [int(batch[3][0]) for batch in maps.batches(Start(), Share(1)).take(40)]
    assert rows != sorted(rows)
    assert all(row <= place + 1 for place, row in enumerate(rows))


def test_augmentation_differs_by_seed_and_agrees_in_a_graph():
    image = tf.constant(maps_of(1)[0][..., None], tf.float32)
    seeds = tf.constant([[3, n] for n in range(4)], tf.int64)
    eager = [augment(image, seed).numpy() for seed in seeds]
    dataset = tf.data.Dataset.from_tensor_slices(seeds).map(lambda seed: augment(image, seed))
    np.testing.assert_allclose(np.stack(list(dataset.as_numpy_iterator())), eager, atol=1e-6)
    assert not np.allclose(eager[0], eager[1])


def test_a_quarter_turn_keeps_the_disc_in_its_place():
    rows, columns = np.mgrid[:33, :33]
    disc = ((rows - 16) ** 2 + (columns - 16) ** 2 < 100).astype(np.float32)[..., None]
    for number in range(5):
        turned = augment(tf.constant(disc), tf.constant([0, number], tf.int64)).numpy()
        assert np.abs(turned - disc).mean() < 0.03


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"input_size": 4}, "input_size of 8 px"),
        ({"reduce_factor": 0}, "reduce_factor of 1 or more; got 0"),
    ],
)
def test_an_input_out_of_bounds_is_an_error(arguments, message):
    with pytest.raises(ConfigError, match=message):
        EdgeInput(**arguments)


def test_corners_are_mirrored_and_not_emptied():
    ones = tf.ones((20, 30, 1))
    for number in range(4):
        assert augment(ones, tf.constant([1, number], tf.int64)).numpy().min() == 1
