"""Ranges of equal work, and errors of kernels."""

import numpy as np
import pytest

from cellscreen.cells.threads import Threads


def test_ranges_have_about_equal_work_and_leave_nothing_out():
    with Threads(2) as threads:
        assert threads.cut([0, 8, 9, 10, 16]) == [(0, 1), (1, 4)]
        assert threads.cut([0]) == [(0, 0), (0, 0)]
    with Threads(5) as threads:
        ranges = threads.cut(range(4))
    assert [k for begin, end in ranges for k in range(begin, end)] == [0, 1, 2]


@pytest.mark.parametrize("count", [1, 2, 4])
def test_every_range_is_worked_on(count):
    done = np.zeros(10, int)

    def mark(begin, end, out):
        out[begin:end] += 1

    with Threads(count) as threads:
        threads.run(mark, threads.cut(range(11)), done)
    assert done.tolist() == [1] * 10


def test_an_error_in_a_thread_is_raised():
    def fail(begin, end):
        if begin > 0:
            raise ValueError("second half")

    with Threads(2) as threads, pytest.raises(ValueError, match="second half"):
        threads.run(fail, threads.cut(range(3)))
