import threading
import time

import pytest

from cellscreen.images.threads import read_in_order


def test_results_come_in_order_though_the_first_takes_longest():
    def work(number):
        time.sleep(0.02 if number == 0 else 0)
        return number

    assert list(read_in_order(work, range(20), workers=4)) == list(range(20))


def test_few_results_wait_in_memory():
    started = []
    results = read_in_order(started.append, range(100), workers=2)
    next(results)
    assert len(started) <= 8
    results.close()


def test_the_first_error_is_raised_and_the_threads_end():
    def work(number):
        if number == 3:
            raise ValueError("the third")
        return number

    before = threading.active_count()
    with pytest.raises(ValueError, match="the third"):
        list(read_in_order(work, range(50), workers=2))
    assert threading.active_count() == before
