import numpy as np

from cellscreen.pipelines.bag_draws import draw_crops, draw_sets, repeated_crops


def test_enough_cells_are_drawn_without_replacement():
    for seed in range(20):
        drawn = draw_crops(13, 12, (seed,))
        assert len(set(drawn.tolist())) == 12
        assert set(drawn.tolist()) <= set(range(13))


def test_too_few_cells_are_each_taken_once_and_some_again():
    drawn = draw_crops(5, 12, (0,))
    assert drawn.shape == (12,)
    assert set(drawn.tolist()) == set(range(5))


def test_one_seed_is_one_draw_and_another_is_another():
    assert draw_crops(99, 12, (3, 4)).tolist() == draw_crops(99, 12, (3, 4)).tolist()
    assert draw_crops(99, 12, (3, 4)).tolist() != draw_crops(99, 12, (3, 5)).tolist()


def test_every_cell_is_drawn_about_equally_often():
    counts = np.bincount(draw_sets(10, 3, 2000, (1,)).ravel(), minlength=10)
    assert counts.sum() == 6000
    assert np.abs(counts - 600).max() < 100  # four standard deviations


def test_more_sets_begin_with_the_same_sets():
    np.testing.assert_array_equal(draw_sets(9, 4, 7, (2,))[:3], draw_sets(9, 4, 3, (2,)))


def test_repeats_are_counted_and_bags_without_cells_are_not():
    assert repeated_crops(np.array([0, 5, 12, 30]), 12) == 7
