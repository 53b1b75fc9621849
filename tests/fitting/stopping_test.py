import os
import signal
import subprocess
import sys

import pytest

from cellscreen.errors import ConfigError
from cellscreen.fitting.stopping import LOCK, locked, stop_requests


@pytest.mark.parametrize(
    ("number", "error"), [(signal.SIGINT, KeyboardInterrupt), (signal.SIGTERM, SystemExit)]
)
def test_a_signal_waits_until_it_is_asked_for(number, error):
    before = signal.getsignal(number)
    with stop_requests() as stop:
        os.kill(os.getpid(), number)
        assert stop.signal == number
        with pytest.raises(error):
            stop.leave()
    assert signal.getsignal(number) is before


def test_sigterm_has_its_exit_status():
    with stop_requests() as stop:
        os.kill(os.getpid(), signal.SIGTERM)
        with pytest.raises(SystemExit, match="143"):
            stop.leave()


def test_a_second_ctrl_c_stops_at_once():
    with stop_requests():
        os.kill(os.getpid(), signal.SIGINT)
        with pytest.raises(KeyboardInterrupt):
            os.kill(os.getpid(), signal.SIGINT)


def test_a_second_process_is_refused_and_told_whose_folder_it_is(tmp_path):
    program = (
        "import sys; from cellscreen.fitting.stopping import locked\n"
        "with locked(__import__('pathlib').Path(sys.argv[1])): print('in')"
    )
    with locked(tmp_path / "run"):
        done = subprocess.run(
            [sys.executable, "-c", program, str(tmp_path / "run")], capture_output=True, text=True
        )
        assert done.returncode == 1
        assert f"Process {os.getpid()} is training in this run folder" in done.stderr
    with locked(tmp_path / "run"):
        pass


def test_a_lock_left_by_a_dead_process_does_not_lock(tmp_path):
    (tmp_path / LOCK).write_text("1")
    with locked(tmp_path):
        assert (tmp_path / LOCK).read_text() == str(os.getpid())


def test_a_folder_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / "file").write_text("")
    with (
        pytest.raises(ConfigError, match=r"can be written; got: .*\[file .*file/run\]"),
        locked(tmp_path / "file" / "run"),
    ):
        pass
