from cellscreen.fitting import telling
from cellscreen.fitting.telling import Teller


def test_waiting_is_told_once_and_not_of_the_first_epoch(caplog):
    teller = Teller(9)
    teller.waiting(0, waited_s=9, whole_s=10)
    teller.waiting(1, waited_s=1, whole_s=10)
    assert not caplog.records
    teller.waiting(2, waited_s=4, whole_s=10)
    teller.waiting(3, waited_s=4, whole_s=10)
    assert [record.message[:17] for record in caplog.records] == ["Input-bound: 40 %"]


def test_time_left_follows_from_the_epochs_of_this_call(caplog, monkeypatch):
    caplog.set_level("INFO")
    now = [0.0]
    monkeypatch.setattr(telling.time, "monotonic", lambda: now[0])
    teller = Teller(10)
    teller.first_epoch = 4
    now[0] = 10.0
    teller.time_left(5)
    assert not caplog.records
    now[0] = 60.0
    teller.time_left(6)
    assert caplog.records[0].message == "Epoch 6 of 10; about 2.0 min left in this fit."
