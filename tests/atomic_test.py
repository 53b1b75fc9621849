import errno
import os
import signal
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from cellscreen import atomic


def test_text_and_bytes_arrive_whole(tmp_path):
    atomic.write_text(tmp_path / "a.txt", "µm\n")
    atomic.write_bytes(tmp_path / "b.bin", b"\x00\xff")
    assert (tmp_path / "a.txt").read_bytes() == "µm\n".encode()
    assert (tmp_path / "b.bin").read_bytes() == b"\x00\xff"
    assert sorted(os.listdir(tmp_path)) == ["a.txt", "b.bin"]


def test_folders_are_made(tmp_path):
    atomic.write_text(tmp_path / "run" / "fold_0" / "metrics.csv", "")
    assert (tmp_path / "run" / "fold_0" / "metrics.csv").exists()


def test_temporary_is_a_neighbour_with_the_same_suffix(tmp_path):
    with atomic.replacing(tmp_path / "model.keras") as temporary:
        assert temporary.parent == tmp_path
        assert temporary.suffix == ".keras"
        assert temporary.name.startswith(".model.")


def test_reader_sees_the_old_file_until_the_end(tmp_path):
    path = tmp_path / "scores.csv"
    path.write_text("old")
    with atomic.replacing(path) as temporary:
        temporary.write_text("new")
        assert path.read_text() == "old"
    assert path.read_text() == "new"


@pytest.mark.parametrize("error", [OSError(errno.ENOSPC, "No space left"), KeyboardInterrupt()])
def test_failure_keeps_the_old_file_and_no_temporary(tmp_path, error):
    path = tmp_path / "scores.csv"
    path.write_text("old")

    def write_half():
        with atomic.replacing(path) as temporary:
            temporary.write_text("half")
            raise error

    with pytest.raises(type(error)):
        write_half()
    assert path.read_text() == "old"
    assert os.listdir(tmp_path) == ["scores.csv"]


def test_failure_of_a_first_write_leaves_nothing(tmp_path):
    with pytest.raises(ValueError, match="bad"), atomic.replacing(tmp_path / "a.csv"):
        raise ValueError("bad")
    assert os.listdir(tmp_path) == []


def test_full_disk_at_fsync_keeps_the_old_file(tmp_path, monkeypatch):
    path = tmp_path / "model.keras"
    path.write_bytes(b"good")

    def full(descriptor):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        atomic.write_bytes(path, b"half")
    assert path.read_bytes() == b"good"
    assert os.listdir(tmp_path) == ["model.keras"]


def test_file_is_on_disk_before_its_name_and_the_name_after(tmp_path, monkeypatch):
    events = []
    fsync, replace = os.fsync, os.replace

    def watched_fsync(descriptor):
        folder = stat.S_ISDIR(os.fstat(descriptor).st_mode)
        events.append("fsync folder" if folder else "fsync file")
        fsync(descriptor)

    def watched_replace(source, target):
        events.append("rename")
        replace(source, target)

    monkeypatch.setattr(os, "fsync", watched_fsync)
    monkeypatch.setattr(os, "replace", watched_replace)
    atomic.write_text(tmp_path / "a.txt", "a")
    assert events == ["fsync file", "rename", "fsync folder"]


@pytest.mark.parametrize(("umask", "mode"), [(0o022, 0o644), (0o077, 0o600)])
def test_others_may_read_what_the_umask_lets_them(tmp_path, umask, mode):
    before = os.umask(umask)
    try:
        atomic.write_text(tmp_path / "a.txt", "a")
    finally:
        assert os.umask(before) == umask
    assert stat.S_IMODE((tmp_path / "a.txt").stat().st_mode) == mode


def test_a_kill_in_the_middle_keeps_the_old_file(tmp_path):
    path = tmp_path / "scores.csv"
    path.write_text("old")
    code = (
        "import os, signal, sys\n"
        "from cellscreen import atomic\n"
        "with atomic.replacing(sys.argv[1]) as temporary:\n"
        "    temporary.write_text('half')\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    root = Path(atomic.__file__).parent.parent
    killed = subprocess.run([sys.executable, "-c", code, str(path)], cwd=root, check=False)
    assert killed.returncode == -signal.SIGKILL
    assert path.read_text() == "old"
