"""Sides of a comparison that would fight for threads: each a process, one computes at a time."""

from __future__ import annotations

import importlib
import multiprocessing
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection
from typing import Any


class Side:
    """A process that computes only when it is asked.

    Args:
        module: has a function `serve` of a connection and settings.
        settings: for it.
    """

    def __init__(self, module: str, settings: Any) -> None:
        context = multiprocessing.get_context("spawn")
        self._pipe, theirs = context.Pipe()
        self._process = context.Process(target=_serve, args=(module, theirs, settings))
        self._process.start()
        theirs.close()

    def tell(self, what: Any) -> None:
        """Sends without waiting for an answer."""
        self._pipe.send(what)

    def ask(self, *what: Any) -> Any:
        """Sends, and waits for the answer."""
        self._pipe.send(what)
        return self._pipe.recv()

    def end(self) -> None:
        """Ends the process."""
        self._pipe.send(None)
        self._process.join()


@contextmanager
def side(module: str, settings: Any) -> Iterator[Side]:
    """A side that ends with the block."""
    opened = Side(module, settings)
    try:
        yield opened
    finally:
        opened.end()


def answer_calls(connection: Connection, of: Any) -> None:
    """Calls the methods of an object that are asked for, until None comes."""
    while (asked := connection.recv()) is not None:
        name, *arguments = asked
        connection.send(getattr(of, name)(*arguments))


def _serve(module: str, connection: Any, settings: Any) -> None:
    importlib.import_module(module).serve(connection, settings)
