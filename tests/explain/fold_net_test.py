import numpy as np

from cellscreen.explain import fold_net
from cellscreen.explain.fold_net import FoldNet

CELLS = np.arange(6, dtype=np.float32).reshape(3, 2)


def net(sizes):
    def ask(embeddings, mask):
        sizes.append(len(mask))
        return {"answer": (embeddings.sum(axis=2) * mask).sum(axis=1, keepdims=True)}

    return FoldNet(lambda crops: crops, ask)


def test_masked_cells_are_left_out_of_each_way():
    masks = np.array([[True, True, True], [True, False, True], [False, False, True]])

    assert net([]).ask_masked(CELLS, masks)["answer"].ravel().tolist() == [15, 10, 9]


def test_as_many_ways_are_asked_at_once_as_memory_allows(monkeypatch):
    sizes = []
    monkeypatch.setattr(fold_net, "_PAIRS", 40)
    found = net(sizes).ask_masked(CELLS, np.ones((5, 3), bool))

    # (3 + 1)² pairs a way: two ways at once.
    assert sizes == [2, 2, 1]
    assert len(found["answer"]) == 5


def test_sets_take_their_cells_by_number():
    found = net([]).ask_sets(CELLS, np.array([[0, 0], [2, 1]]))

    assert found["answer"].ravel().tolist() == [2, 14]
