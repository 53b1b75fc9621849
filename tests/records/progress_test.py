import logging

from cellscreen.records.progress import told


def test_every_ten_seconds_it_says_what_is_done_and_left(caplog):
    seconds = iter(range(0, 1000, 4))
    with caplog.at_level(logging.INFO):
        items = list(told(range(8), 200, "Plate P1", clock=lambda: next(seconds)))
    assert items == list(range(8))
    assert caplog.messages == [
        "Plate P1: 3 of 200 fields (1 %), 0.2 a second, about 13 min left.",
        "Plate P1: 6 of 200 fields (3 %), 0.2 a second, about 13 min left.",
    ]


def test_the_last_seconds_are_told_as_seconds(caplog):
    seconds = iter(range(0, 1000, 10))
    with caplog.at_level(logging.INFO):
        list(told(range(3), 4, "Plate P1", clock=lambda: next(seconds)))
    assert caplog.messages[-1].endswith("3 of 4 fields (75 %), 0.1 a second, about 10 s left.")


def test_a_short_conversion_says_nothing(caplog):
    with caplog.at_level(logging.INFO):
        list(told(range(5), 5, "Plate P1", clock=lambda: 0.0))
    assert not caplog.messages
