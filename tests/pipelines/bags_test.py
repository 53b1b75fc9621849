import dataclasses
import logging
import shutil
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

from cellscreen.errors import DataError, RecordError
from cellscreen.images.scale import to_uint8
from cellscreen.pipelines.bag_index import _one_shape, index_bags
from cellscreen.pipelines.bag_input import BagInput
from cellscreen.pipelines.bags import augment_crops, training_bags, whole_bags
from cellscreen.pipelines.order import Share, Start
from cellscreen.pipelines.records import open_records, prepared_plates, read_metadata
from cellscreen.records.bags import decode_bag

BEGIN, TWO = Start(), Share(2)
WELLS = [f"{plate}/{well}" for plate in ("P1", "P2") for well in ("A01", "A02", "B01")]


@pytest.fixture(scope="module")
def folders(bag_records):
    return prepared_plates(bag_records, "hcs", "bags")


@pytest.fixture(scope="module")
def wells(folders):
    return index_bags(folders, "well")


def _training(index, crops=4, seed=7, **more):
    labels = np.arange(len(index.bags))
    return training_bags(index, labels, labels, BagInput(bag_crops=crops), seed, **more)


def _first(training, count, start=BEGIN, share=TWO):
    batches = training.batches(start, share).take(count).as_numpy_iterator()
    return [(inputs["crops"], labels, rows) for inputs, labels, _, rows in batches]


def test_a_bag_is_a_well_or_a_field(folders, wells):
    assert wells.bags["key"].tolist() == WELLS
    assert wells.bags["cells"].tolist() == [4, 2, 6] * 2
    assert wells.bags["n_fields"].tolist() == [2] * 6
    assert "Metadata_Site" not in wells.bags
    assert wells.bags["Metadata_pert_iname"].tolist() == ["DMSO", "DMSO", "drug"] * 2
    fields = index_bags(folders, "field").bags
    assert fields["key"].tolist()[:3] == ["P1/A01/1", "P1/A01/2", "P1/A02/1"]
    assert fields["cells"].tolist() == [3, 1, 2, 0, 4, 2] * 2


def test_crops_read_by_place_are_those_that_tfds_reads(folders, wells):
    decoded = [decode_bag(record) for record in open_records(folders)]
    by_tfds = [to_uint8(bag.crops.numpy(), 0, 65535) for bag in decoded]
    for row, crops in whole_bags(wells):
        expected = np.concatenate([by_tfds[field] for field in wells.of_bag[row]])
        np.testing.assert_array_equal(crops, expected)


def test_crops_of_several_fields_keep_the_order_asked_for(wells):
    whole = wells.read_crops(2)
    np.testing.assert_array_equal(wells.read_crops(2, np.array([5, 0, 4, 0])), whole[[5, 0, 4, 0]])


def test_batches_hold_crops_of_their_own_bag(wells):
    for crops, labels, rows in _first(_training(wells, crops=4), 3):
        assert crops.shape == (2, 4, 16, 16, 2)
        assert crops.dtype == np.float32
        np.testing.assert_array_equal(labels, rows)
        for bag, row in zip(crops, rows, strict=True):
            whole = {_fingerprint(crop) for crop in wells.read_crops(row) / np.float32(255)}
            assert {_fingerprint(crop) for crop in bag} <= whole


def _fingerprint(crop):
    """The same for a crop that is turned or mirrored."""
    return tuple(np.sort(crop.ravel()).round(6))


def test_a_seed_gives_the_same_batches_and_another_others(wells):
    one, same, other = (_first(_training(wells, seed=seed), 6) for seed in (1, 1, 2))
    for (crops, _, rows), (crops_again, _, rows_again) in zip(one, same, strict=True):
        np.testing.assert_array_equal(crops, crops_again)
        np.testing.assert_array_equal(rows, rows_again)
    assert not np.array_equal(one[0][0], other[0][0])


def test_crops_are_drawn_anew_each_epoch(wells):
    batches = _first(_training(wells, crops=2), 6)
    bags = [
        (int(row), crops)
        for crops, _, rows in batches
        for row, crops in zip(rows, crops, strict=True)
    ]
    of_b01 = [crops for row, crops in bags if row == 2]
    assert len(of_b01) == 2
    assert not np.array_equal(*of_b01)


def test_going_on_gives_what_would_have_come(wells):
    whole = _first(_training(wells), 6)
    rest = _first(_training(wells), 2, start=Start(epoch=1, step=1))
    for (crops, _, rows), (crops_again, _, rows_again) in zip(whole[4:], rest, strict=True):
        np.testing.assert_array_equal(rows, rows_again)
        np.testing.assert_array_equal(crops, crops_again)


def test_the_order_does_not_depend_on_threads(wells):
    options = tf.data.Options()
    options.threading.private_threadpool_size = 1
    batches = _training(wells).batches(Start(), Share(2))
    alone = [rows for *_, rows in batches.with_options(options).take(3).as_numpy_iterator()]
    many = [rows for _, _, rows in _first(_training(wells), 3)]
    np.testing.assert_array_equal(alone, many)


def test_workers_get_disjoint_parts_of_each_batch(wells):
    whole = _first(_training(wells), 3, share=Share(2))
    parts = [
        _first(_training(wells), 3, share=Share(1, pipelines=2, pipeline=part)) for part in (0, 1)
    ]
    for step, (crops, _, _) in enumerate(whole):
        for part in (0, 1):
            np.testing.assert_array_equal(parts[part][step][0][0], crops[part])


def test_bags_without_cells_are_kept_as_rows_and_not_trained_on(folders, caplog):
    index = index_bags(folders, "field")
    assert [crops.shape for row, crops in whole_bags(index, [3])] == [(0, 16, 16, 2)]
    with caplog.at_level(logging.WARNING):
        training = _training(index, crops=4)
    assert training.count == 10
    assert "2 of 12 bags have no cells: not trained on" in caplog.text
    assert "16 of 40 crops an epoch are repeated" in caplog.text  # 1+3+2+0+2 on each plate
    with pytest.raises(DataError, match=r"all 1 have none.*another fold"):
        training_bags(index, np.array([3]), np.arange(12), BagInput(), seed=0)


def test_nothing_of_another_fold_is_read(wells, monkeypatch):
    read = []
    usual = type(wells).read_crops
    monkeypatch.setattr(
        type(wells),
        "read_crops",
        lambda self, bag, at=None: (read.append(bag), usual(self, bag, at))[1],
    )
    labels = np.zeros(6, np.int64)
    training = training_bags(wells, np.array([1, 4]), labels, BagInput(bag_crops=2), seed=0)
    assert {int(row) for _, _, rows in _first(training, 3) for row in rows} == {1, 4}
    assert set(read) == {1, 4}


def test_balanced_sampling_draws_classes_equally(wells):
    labels = np.array([0, 0, 0, 0, 0, 1])
    training = training_bags(
        wells, np.arange(6), labels, BagInput(bag_crops=1), 0, probabilities=np.array([0.5, 0.5])
    )
    drawn = np.concatenate([labels for _, labels, _ in _first(training, 60)])
    assert 40 < drawn.sum() < 80  # four standard deviations of 120 draws


def test_augmentation_is_one_of_eight_turns_in_the_graph_and_out_of_it():
    crop = np.arange(4, dtype=np.uint8).reshape(1, 2, 2, 1)
    crops = tf.constant(np.repeat(crop, 400, axis=0))
    turned = augment_crops(crops, tf.constant([1, 2], tf.int64))
    ways, counts = np.unique(turned.numpy().reshape(400, 4), axis=0, return_counts=True)
    assert len(ways) == 8
    assert counts.min() > 25
    data = tf.data.Dataset.from_tensors(crops).map(
        lambda some: augment_crops(some, tf.constant([1, 2], tf.int64))
    )
    np.testing.assert_array_equal(next(iter(data)), turned)


def test_a_damaged_record_is_named(folders, wells, tmp_path):
    path = Path(shutil.copy(wells.fields["file"][0], tmp_path))
    data = bytearray(path.read_bytes())
    data[800] ^= 1
    path.write_bytes(data)
    moved = dataclasses.replace(wells, fields=wells.fields.assign(file=str(path)))
    with pytest.raises(RecordError, match=r"A record at byte 0 is damaged.*cellscreen verify"):
        moved.read_crops(0)


def test_plates_of_other_crops_are_not_opened_together(folders):
    fields = read_metadata(folders).assign(file="f")
    fields.loc[fields["Metadata_Plate"] == "P2", "crop_size"] = 32
    with pytest.raises(RecordError, match=r"16 px and channels DNA, ER.*got 32 px.*plate P2"):
        _one_shape(fields)
