import numpy as np
import pytest

from cellscreen.pipelines.cell_order import cells_in_order, epoch_order
from cellscreen.pipelines.order import Share, Start

CLASSES = np.array([0] * 8 + [1] * 2)


def _taken(count, n, start=None, share=None, **classes):
    order = cells_in_order(count, 3, start or Start(), share or Share(2), **classes)
    return [(int(number), int(place)) for number, place in order.take(n)]


def test_every_epoch_takes_every_cell_once_in_another_order():
    orders = [epoch_order(20, 0, epoch).tolist() for epoch in range(3)]
    assert all(sorted(order) == list(range(20)) for order in orders)
    assert len(set(map(tuple, orders))) == 3
    assert epoch_order(20, 0, 1).tolist() == orders[1]


def test_full_batches_only_and_numbers_that_go_on():
    taken = _taken(5, 8)  # 2 batches of 2 an epoch
    assert [number for number, _ in taken] == list(range(8))
    assert len({place for _, place in taken[:4]}) == 4


def test_a_fit_that_goes_on_takes_what_it_would_have_taken():
    whole = _taken(10, 30)
    assert _taken(10, 14, Start(1, 3)) == whole[16:30]


def test_pipelines_share_each_batch():
    whole = _taken(12, 12, share=Share(2, 1, 2, 0)), _taken(12, 12, share=Share(2, 1, 2, 1))
    first, second = ({number for number, _ in part} for part in whole)
    assert first == {0, 1, 4, 5, 8, 9, 12, 13, 16, 17, 20, 21}
    assert not first & second


@pytest.mark.parametrize("shares", [(0.5, 0.5), (0.1, 0.9)])
def test_classes_are_drawn_by_their_probability(shares):
    epochs = [epoch_order(10, 0, epoch, CLASSES, np.array(shares)) for epoch in range(300)]
    drawn = CLASSES[np.concatenate(epochs)]
    assert drawn.mean() == pytest.approx(shares[1], abs=0.03)


def test_a_class_begins_anew_only_when_it_is_used_up():
    order = epoch_order(10, 1, 0, CLASSES, np.array([0.2, 0.8]))
    rare = order[CLASSES[order] == 1].tolist()
    assert len(rare) > 2
    assert set(rare[:2]) == {8, 9}
    assert rare[2:4] == rare[: len(rare[2:4])]


def test_balanced_sampling_goes_on_as_well():
    classes = {"class_of": CLASSES, "probabilities": np.array([0.5, 0.5], np.float32)}
    whole = _taken(10, 20, **classes)
    assert _taken(10, 10, Start(1, 0), **classes) == whole[10:]
