import numpy as np
import pytest
import tensorflow as tf

from cellscreen.pipelines.order import Draws, Share, Start, epochs_in_order

BEGIN, PAIRS = Start(), Share(2)


def _take(n, start=BEGIN, share=PAIRS, count=7, seed=5, **balance):
    rows = tf.data.Dataset.range(count).map(lambda row: (row, row * 10)).cache()
    order = epochs_in_order(rows, count, seed, start, share, **balance)
    return [(int(number), int(row)) for number, (row, _) in order.take(n)]


@pytest.mark.parametrize("seed", [0, 7])
def test_the_global_seed_does_not_matter(seed):
    wanted = _take(12)
    tf.random.set_seed(seed)
    assert _take(12) == wanted


def test_every_epoch_has_each_row_at_most_once_and_full_batches_only():
    first, second = _take(12)[:6], _take(12)[6:]
    for epoch, rows in enumerate((first, second)):
        assert [number for number, _ in rows] == list(range(6 * epoch, 6 * epoch + 6))
        assert len({row for _, row in rows}) == 6
    assert [row for _, row in first] != [row for _, row in second]


def test_over_epochs_no_row_is_left_out_for_good():
    assert {row for _, row in _take(60)} == set(range(7))


def test_another_seed_is_another_order():
    assert _take(6) == _take(6)
    assert _take(6) != _take(6, seed=6)


@pytest.mark.parametrize(("epoch", "step"), [(0, 1), (0, 2), (1, 0), (2, 1)])
def test_a_fit_that_goes_on_sees_what_it_would_have_seen(epoch, step):
    whole = _take(30)
    assert _take(8, Start(epoch, step)) == whole[6 * epoch + 2 * step :][:8]


@pytest.mark.parametrize("step", [0, 1])
def test_the_shares_of_two_workers_make_up_the_whole_batch(step):
    whole = _take(16, Start(0, step), Share(4), count=9)
    parts = [
        _take(8, Start(0, step), Share(1, replicas=2, pipelines=2, pipeline=worker), count=9)
        for worker in range(2)
    ]
    for batch in range(4):
        rows = parts[0][2 * batch :][:2] + parts[1][2 * batch :][:2]
        assert rows == whole[4 * batch :][:4]


def test_balanced_sampling_draws_rare_classes_as_often_and_can_go_on():
    classes = tf.constant([0] * 90 + [1] * 10, tf.int64)
    balance = {"draws": Draws(tf.constant([0.5, 0.5]), classes)}
    drawn = _take(1000, share=Share(10), count=100, **balance)
    share = np.mean([row >= 90 for _, row in drawn])
    assert 0.44 < share < 0.56
    went_on = _take(50, Start(2, 3), Share(10), count=100, **balance)
    assert went_on == drawn[230:280]


def test_a_share_knows_its_part_of_the_batch():
    share = Share(4, replicas=2, pipelines=3)
    assert (share.block, share.global_batch) == (8, 24)


def test_classes_are_mixed_however_many_rows_there_are():
    rows = [row for _, row in _take(9984, share=Share(64), count=10_000)]
    tenths = np.array(rows[:9980]).reshape(10, -1) >= 5_000
    assert np.abs(tenths.mean(axis=1) - 0.5).max() < 0.06
