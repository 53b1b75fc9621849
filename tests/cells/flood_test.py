"""Watershed by buckets, beside a priority queue."""

import heapq

import numpy as np

from cellscreen.cells.flood import find_seeds, flood

ALL = np.ones((1, 7), np.uint8)


def test_deeper_pixels_are_taken_first():
    depth = np.array([[9, 5, 4, 3, 7, 8, 9]], np.float32)
    seeds = np.array([[1, 0, 0, 0, 0, 0, 2]], np.int32)
    assert flood(depth, ALL, seeds).tolist() == [[1, 1, 1, 2, 2, 2, 2]]


def test_even_ground_is_shared_by_distance():
    seeds = np.array([[1, 0, 0, 0, 0, 0, 2]], np.int32)
    assert flood(np.zeros((1, 7), np.float32), ALL, seeds).tolist() == [[1, 1, 1, 1, 2, 2, 2]]


def test_what_lies_outside_the_mask_or_behind_it_stays_0():
    mask = np.array([[1, 1, 0, 1]], np.uint8)
    seeds = np.array([[3, 0, 0, 0]], np.int32)
    assert flood(np.ones((1, 4), np.float32), mask, seeds).tolist() == [[3, 3, 0, 0]]


def test_rows_do_not_run_into_each_other():
    mask = np.array([[0, 1], [1, 0]], np.uint8)
    seeds = np.array([[0, 4], [0, 0]], np.int32)
    assert flood(np.ones((2, 2), np.float32), mask, seeds).tolist() == [[0, 4], [0, 0]]


def test_seeds_are_grown_in_place():
    seeds = np.array([[1, 0]], np.int32)
    assert flood(np.ones((1, 2), np.float32), np.ones((1, 2), np.uint8), seeds) is seeds


def test_equal_to_a_priority_queue_on_whole_numbers():
    random = np.random.default_rng(0)
    for _ in range(5):
        depth = random.integers(0, 200, (20, 17)).astype(np.float32)
        mask = (random.random(depth.shape) < 0.9).astype(np.uint8)
        places = random.permutation(np.flatnonzero(mask))[:7]
        depth.flat[places[:2]] = 0, 1023  # with these, each level is a whole number
        seeds = np.zeros(depth.shape, np.int32)
        seeds.flat[places] = range(1, 8)
        expected = _by_queue(depth, mask, seeds)
        assert np.array_equal(flood(depth, mask, seeds), expected)


def _by_queue(depth, mask, seeds):
    height, width = depth.shape
    out = seeds.copy()
    queue = [(-depth[y, x], 0, y, x) for y, x in np.argwhere(seeds)]
    queue.sort()
    age = 0
    while queue:
        _, _, y, x = heapq.heappop(queue)
        for b, a in ((y - 1, x), (y, x - 1), (y, x + 1), (y + 1, x)):
            if 0 <= b < height and 0 <= a < width and mask[b, a] and not out[b, a]:
                age += 1
                out[b, a] = out[y, x]
                heapq.heappush(queue, (-depth[b, a], age, b, a))
    return out


def test_what_no_seed_reaches_is_0_again():
    mask = np.array([[1, 1, 0, 1], [0, 0, 0, 1]], np.uint8)
    seeds = np.array([[3, 0, 0, 0], [0, 0, 0, 0]], np.int32)
    assert flood(np.ones((2, 4), np.float32), mask, seeds).tolist() == [[3, 3, 0, 0], [0, 0, 0, 0]]


def test_an_empty_mask_stays_empty():
    nothing = np.zeros((3, 3), np.uint8)
    assert not flood(np.ones((3, 3), np.float32), nothing, nothing.astype(np.int32)).any()


def test_each_top_is_one_seed_and_even_tops_too():
    depth = np.array([[1, 3, 1, 2, 2], [1, 1, 1, 2, 2]], np.float32)
    ones = np.ones(depth.shape, np.uint8)
    assert find_seeds(depth, 1, ones).tolist() == [[0, 1, 0, 2, 2], [0, 0, 0, 2, 2]]
    assert find_seeds(depth, 3, ones)[0].tolist() == [0, 1, 0, 0, 0]


def test_a_bent_top_is_one_seed():
    tops = np.array([[1, 0, 1], [1, 0, 1], [0, 1, 0]], np.float32)
    seeds = find_seeds(tops, 2, np.ones(tops.shape, np.uint8))
    assert seeds.tolist() == tops.tolist()


def test_higher_places_outside_the_mask_do_not_count():
    depth = np.array([[5, 1, 4]], np.float32)
    assert find_seeds(depth, 2, np.array([[0, 1, 1]], np.uint8)).tolist() == [[0, 0, 1]]


def test_outside_the_mask_are_no_seeds():
    assert not find_seeds(np.ones((2, 2), np.float32), 1, np.zeros((2, 2), np.uint8)).any()
