"""Lists the files of an export, folder by folder, links out of it refused."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from cellscreen.plates.problems import Problems


def files_below(folder: Path, depth: int) -> Iterator[Path]:
    """Yields the files of a folder and of those below it, sorted; hidden ones are passed over.

    Args:
        folder: where to look.
        depth: how many folders below it may lie within each other.
    """
    with os.scandir(folder) as entries:
        found = sorted((entry.name, entry.is_dir()) for entry in entries if entry.name[0] != ".")
    for name, is_folder in found:
        if not is_folder:
            yield folder / name
    for name, is_folder in found:
        if is_folder and depth:
            yield from files_below(folder / name, depth - 1)


def check_links(paths: Iterable[Path], home_of: Callable[[Path], Path], problems: Problems) -> None:
    """Notes images that links lead out of their plate's folder, which may be a link itself.

    Args:
        paths: images.
        home_of: returns the plate's folder of an image.
        problems: gets each image that lies elsewhere.
    """
    folders: dict[Path, tuple[str, str]] = {}
    for path in paths:
        if path.parent not in folders:
            home = os.path.realpath(home_of(path))
            folders[path.parent] = os.path.realpath(path.parent), home
        folder, home = folders[path.parent]
        real = os.path.realpath(path) if path.is_symlink() else os.path.join(folder, path.name)
        if os.path.commonpath([real, home]) != home:
            text = f"It is, or lies behind, a link that leaves the plate's folder, to {real}."
            problems.add(text, file=path)
