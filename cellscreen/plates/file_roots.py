"""Where the images of a table lie: beside it, somewhere else on this machine, or at an address.

Tables travel further than images. A path may be relative, absolute, or of the machine that wrote
the table; `replace_root` says where its images lie now. Addresses (`s3://…`) are handed on as they
stand and nothing is fetched: only files of this machine are looked for.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from urllib.parse import unquote, urlsplit

from cellscreen.plates.listed_files import ABSENT, ListedFiles

REMOTE = ("s3", "gs", "gcs", "az", "abfs", "abfss", "http", "https")
LISTED_ABSENT = "listed in the table, the file is absent"
_ADDRESS = re.compile(r"([A-Za-z][A-Za-z0-9+.-]+)://?(?=[^\\])")
_ABSOLUTE = re.compile(r"/|[A-Za-z]:/")


class FileRoots:
    """Turns the texts of one table into paths.

    Args:
        base: the folder that relative paths start from.
        replaced: pairs of the old and the new beginning of paths; "" is that of every relative
            path. Of several that fit, the longest counts.
    """

    def __init__(self, base: Path, replaced: Sequence[tuple[str, str]] = ()) -> None:
        self.base = os.path.abspath(base)
        pairs = [(old.replace("\\", "/").rstrip("/"), _absolute(new)) for old, new in replaced]
        self._replaced = sorted(pairs, key=lambda pair: -len(pair[0]))

    def place(self, text: str) -> str:
        r"""Returns a path of this machine for the text of a table; `\` is read as `/`.

        A path of another machine stays as it is, since nobody knows where it would lie here.

        Raises:
            ValueError: the text is empty, an address, or has `..`.

        Example:
            >>> FileRoots(Path("/here"), [("D:/scans", "/data")]).place("D:\\scans\\P1\\a.tif")
            '/data/P1/a.tif'
        """
        if not text:
            raise ValueError("the path of an image (it is empty)")
        if _ADDRESS.match(text):
            raise ValueError("a path (addresses stand in columns URL_…)")
        return self._placed(text.replace("\\", "/"))

    def place_address(self, text: str) -> str:
        """Returns a path for a `file:` address, and any other address as it stands.

        Raises:
            ValueError: the text is no address of the schemes `file` and `REMOTE`, or has `..`.
        """
        moved = self._moved(text)
        if moved != text and not _ADDRESS.match(moved):
            return self._placed(moved, is_moved=True)
        scheme = _ADDRESS.match(moved)
        parts = urlsplit(moved)
        if scheme and parts.scheme == "file" and parts.netloc in ("", "localhost"):
            return self._placed(unquote(parts.path))
        if not scheme or parts.scheme not in REMOTE:
            raise ValueError(f"an address with file:// or {'://, '.join(REMOTE)}://")
        if ".." in unquote(parts.path).split("/"):
            raise ValueError("an address without '..'")
        return moved

    def _placed(self, text: str, is_moved: bool = False) -> str:
        if ".." in text.split("/"):
            raise ValueError("a path without '..' (give an absolute path, or replace_root)")
        text = text if is_moved else self._moved(text)
        if _ADDRESS.match(text):
            return text
        if not _ABSOLUTE.match(text):
            text = self._moved(os.path.join(self.base, text))
        return os.path.normpath(text)

    def _moved(self, text: str) -> str:
        for old, new in self._replaced:
            if old and (text == old or text.startswith(old + "/")):
                return new + text[len(old) :]
            if not old and not _ABSOLUTE.match(text) and not _ADDRESS.match(text):
                return f"{new}/{text}"
        return text


def is_remote(path: str) -> bool:
    """Whether a path of a plate table is an address."""
    found = _ADDRESS.match(path)
    return found is not None and found[1].lower() in REMOTE


def find_files(paths: Iterable[str]) -> dict[str, tuple[str, str]]:
    """Looks for files of this machine; folders are listed once.

    Returns:
        For each path, the path (in the case of the file on disk) and why it cannot be used ("" if
        it can). Addresses are taken as they are.
    """
    files = ListedFiles(Path("/"), Path("/"))
    found = {}
    for path in dict.fromkeys(paths):
        if is_remote(path):
            found[path] = (path, "")
            continue
        try:
            place, problem = files.find(path.lstrip("/")) if path[0] == "/" else (path, ABSENT)
        except ValueError as error:
            place, problem = path, str(error)
        except OSError as error:
            place, problem = path, error.strerror or "it cannot be read"
        found[path] = (place, LISTED_ABSENT if problem == ABSENT else problem)
    return found


def _absolute(root: str) -> str:
    return root.rstrip("/") if _ADDRESS.match(root) else os.path.abspath(root)
