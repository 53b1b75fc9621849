"""Being stopped: by a signal, which waits for the end of a step, or by a second process."""

from __future__ import annotations

import contextlib
import fcntl
import os
import signal
import threading
from collections.abc import Iterator
from pathlib import Path
from types import FrameType

from cellscreen.errors import ConfigError

LOCK = ".lock"
TERMINATED = 143


class StopRequest:
    """Whether SIGINT (Ctrl-C) or SIGTERM came; a second Ctrl-C stops at once."""

    def __init__(self) -> None:
        self.signal: int | None = None

    def note(self, number: int, frame: FrameType | None) -> None:
        """The signal handler."""
        del frame
        if self.signal is not None and number == signal.SIGINT:
            raise KeyboardInterrupt
        self.signal = number

    def leave(self) -> None:
        """Ends the process' work as its signal says, once everything is saved.

        Raises:
            KeyboardInterrupt: after Ctrl-C (exit status 130).
            SystemExit: after SIGTERM, here or on another worker (exit status 143).
        """
        if self.signal == signal.SIGINT:
            raise KeyboardInterrupt
        raise SystemExit(TERMINATED)


@contextlib.contextmanager
def stop_requests() -> Iterator[StopRequest]:
    """Notes signals instead of dying of them; outside the main thread it notes none."""
    request = StopRequest()
    if threading.current_thread() is not threading.main_thread():
        yield request
        return
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    for number in before:
        signal.signal(number, request.note)
    try:
        yield request
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextlib.contextmanager
def locked(workdir: Path) -> Iterator[None]:
    """Keeps a run folder for this process; the lock ends with the process, however it ends.

    Raises:
        ConfigError: another process has it, or the folder cannot be written.
    """
    try:
        workdir.mkdir(parents=True, exist_ok=True)
        handle = os.open(workdir / LOCK, os.O_RDWR | os.O_CREAT, 0o644)
    except OSError as error:
        raise ConfigError(
            f"Expected a run folder that can be written; got: {error.strerror}.", file=workdir
        ) from error
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            owner = os.read(handle, 32).decode(errors="replace").strip()
            raise ConfigError(
                f"Process {owner or 'unknown'} is training in this run folder.",
                file=workdir,
                fix="Wait for it, stop it, or give another --workdir.",
            ) from error
        os.ftruncate(handle, 0)
        os.write(handle, str(os.getpid()).encode())
        yield
    finally:
        os.close(handle)
