"""Finds the files that an index lists, and lets none of them lead out of the plate's folder."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from pathlib import Path

_ADDRESS = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
Entries = dict[str, os.DirEntry[str] | None]
NO_FILE = "the index names no file"
ABSENT = "listed in the index, the file is absent"


def relative_fault(name: str) -> str | None:
    r"""Says why a name in an index does not stay below the index; None if it does.

    Example:
        >>> [relative_fault(name) for name in ("a/b.tif", "../b.tif", "C:\\b.tif")]
        [None, "it has '..'", 'it is an address or a drive']
    """
    name = name.replace("\\", "/")
    if _CONTROL.search(name):
        return "it has a control character"
    if _ADDRESS.match(name):
        return "it is an address or a drive"
    if name.startswith("/"):
        return "it is absolute"
    if ".." in name.split("/"):
        return "it has '..'"
    return None


class ListedFiles:
    """The files below a folder, looked up by the names that an index gives.

    Each folder is listed once, so that 100,000 names cost a few listings. A name whose case differs
    is found where it is the only one.

    Args:
        base: the folder that names are relative to.
        root: the plate's folder; what lies, or links, outside it is refused.
    """

    def __init__(self, base: Path, root: Path) -> None:
        self.base, self.root = os.path.abspath(base), os.path.realpath(root)
        self._folders: dict[str, tuple[Entries, Entries]] = {}

    def find(self, name: str) -> tuple[str, str]:
        """Returns the absolute path of a listed file, and why it cannot be used ("" if it can).

        Raises:
            ValueError: the name leads out of the plate's folder; the text says how.
        """
        if not name:
            return "", NO_FILE
        fault = relative_fault(name)
        if fault:
            raise ValueError(fault)
        path = os.path.normpath(os.path.join(self.base, name.replace("\\", "/")))
        folder, leaf = os.path.split(path)
        exact, loose = self._names(folder)
        entry = exact.get(leaf) or loose.get(leaf.casefold())
        if entry is None or entry.is_dir():
            return path, ABSENT
        if entry.is_symlink():
            self._check_inside(entry.path)
            if not os.path.exists(entry.path):
                return path, ABSENT
        return os.path.join(folder, entry.name), ""

    def count(self, names: Iterable[str]) -> int:
        """Returns how many of the names are files here that can be used."""
        return sum(self._is_here(name) for name in names)

    def _is_here(self, name: str) -> bool:
        try:
            return not self.find(name)[1]
        except ValueError:
            return False

    def _names(self, folder: str) -> tuple[Entries, Entries]:
        """Returns what a folder holds by name, and by name in lower case where that is one."""
        if folder not in self._folders:
            self._check_inside(folder)
            exact: Entries = {}
            loose: Entries = {}
            if os.path.isdir(folder):
                with os.scandir(folder) as entries:
                    exact = {entry.name: entry for entry in entries}
            for name, entry in exact.items():
                key = name.casefold()
                loose[key] = None if key in loose else entry
            self._folders[folder] = exact, loose
        return self._folders[folder]

    def _check_inside(self, path: str) -> None:
        real = os.path.realpath(path)
        if os.path.commonpath([real, self.root]) != self.root:
            raise ValueError(f"it is a link that leaves the plate's folder, to {real}")
