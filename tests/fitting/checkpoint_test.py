import errno
import json

import numpy as np
import pytest

from cellscreen.errors import ConfigError
from cellscreen.fitting import checkpoint
from cellscreen.fitting.checkpoint import Progress, State, load_newest, save_state

SHAPES = [(2, 3), (), (4,)]


def _state(value):
    arrays = [np.full(shape, value, np.float32) for shape in SHAPES]
    arrays[1] = np.array(value, np.int64)
    progress = Progress(epoch=value, step=2, sums={"loss": 0.1}, callbacks=[{"best": None}])
    return State(progress, arrays, best=[np.full(3, value)])


def test_a_state_comes_back_bit_for_bit(tmp_path):
    state = _state(3)
    state.progress.history = [{"epoch": 0, "loss": float("nan")}]
    save_state(state, tmp_path, 7)
    found = load_newest(tmp_path, SHAPES)
    assert vars(found.progress).keys() == vars(state.progress).keys()
    assert (found.progress.epoch, found.progress.callbacks) == (3, [{"best": None}])
    assert np.isnan(found.progress.history[0]["loss"])
    for ours, theirs in zip(state.arrays + state.best, found.arrays + found.best, strict=True):
        assert ours.dtype == theirs.dtype
        assert np.array_equal(ours, theirs)


def test_the_newest_two_are_kept(tmp_path):
    for number in (1, 9, 10, 100):
        save_state(_state(number), tmp_path, number)
    assert [path.name for path in sorted(tmp_path.iterdir())] == [
        "state-000000010.npz",
        "state-000000100.npz",
    ]
    assert load_newest(tmp_path, SHAPES).progress.epoch == 100


def test_no_checkpoint_is_none(tmp_path):
    assert load_newest(tmp_path, SHAPES) is None


@pytest.mark.parametrize("damage", ["cut", "flipped", "empty", "junk"])
def test_a_damaged_newest_one_is_passed_over_and_said(tmp_path, damage, caplog):
    save_state(_state(1), tmp_path, 1)
    path = save_state(_state(2), tmp_path, 2)
    data = bytearray(path.read_bytes())
    if damage == "flipped":
        # A byte of the first variable's values: what zip's checksum is for.
        place = data.index(np.full(6, 2, np.float32).tobytes())
        data[place] ^= 1
    path.write_bytes(
        {"cut": data[: len(data) // 2], "flipped": data, "empty": b"", "junk": b"x" * 99}[damage]
    )
    assert load_newest(tmp_path, SHAPES).progress.epoch == 1
    assert "taking the one before it" in caplog.text


def test_a_state_of_another_net_is_refused(tmp_path):
    save_state(_state(1), tmp_path, 1)
    with pytest.raises(ConfigError, match="checkpoint of a net with 1 variables"):
        load_newest(tmp_path, [(2, 3)])


def test_a_newer_format_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(checkpoint, "FORMAT", 2)
    save_state(_state(1), tmp_path, 1)
    monkeypatch.setattr(checkpoint, "FORMAT", 1)
    with pytest.raises(ConfigError, match=r"format 1; got 2.*newer cellscreen"):
        load_newest(tmp_path, SHAPES)


def test_unreadable_newer_ones_do_not_push_out_what_is_written_next(tmp_path, caplog):
    for number in (500, 501):
        (tmp_path / f"state-{number:09d}.npz").write_bytes(b"junk")
    assert load_newest(tmp_path, SHAPES) is None
    assert "this fit begins anew" in caplog.text
    save_state(_state(1), tmp_path, 1)
    assert load_newest(tmp_path, SHAPES).progress.epoch == 1
    assert len(list(tmp_path.glob("*.damaged"))) == 2


def test_no_object_is_ever_unpickled(tmp_path):
    text = json.dumps({"format": 1, "progress": {}})
    named = {"progress": np.array(text), "v00000": np.array([{}], object)}
    np.savez(tmp_path / "state-000000001.npz", **named)
    assert load_newest(tmp_path, SHAPES) is None


def test_a_full_disk_leaves_the_good_files(tmp_path, monkeypatch):
    save_state(_state(1), tmp_path, 1)

    def full(file, **arrays):
        file.write_bytes(b"half")
        raise OSError(errno.ENOSPC, "No space left on device", str(file))

    monkeypatch.setattr(np, "savez", full)
    with pytest.raises(OSError, match="No space left"):
        save_state(_state(2), tmp_path, 2)
    assert [path.name for path in tmp_path.iterdir()] == ["state-000000001.npz"]
    assert load_newest(tmp_path, SHAPES).progress.epoch == 1
