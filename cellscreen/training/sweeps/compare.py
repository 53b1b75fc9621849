"""Runs beside each other: figures, what differs between their configs, and whether data do."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from cellscreen.errors import ConfigError
from cellscreen.fitting.recipes import as_text
from cellscreen.training.sweeps.run_rows import CONFIG, MANIFEST, is_finished, read_json, run_row

MACHINE = ("strategy", "jit", "precision")
_DATA = ["key", "label", "trained", "checksum"]
_DEPTH = 3
_ABSENT = "(no such flag)"


@dataclass(frozen=True)
class Comparison:
    """Runs beside each other.

    Attributes:
        rows: a row a run: `run`, `images` (a letter; runs of one letter have the same images and
            labels), the columns of `run_rows.run_row`, and `strategy`, `jit`, `precision`.
        differing: a row a flag in which configs differ: `flag` and a column a run.
        warnings: why figures are not comparable, and what is not finished.
    """

    rows: pd.DataFrame
    differing: pd.DataFrame
    warnings: tuple[str, ...]

    @property
    def simulated(self) -> bool:
        """Whether any run was trained on simulated images."""
        return bool((self.rows["simulated"].astype(str) == "True").any())


def find_runs(places: Sequence[str | Path]) -> tuple[dict[str, Path], list[str]]:
    """Run folders by name: folders of runs themselves, and all finished ones below others.

    Args:
        places: run folders, or folders that hold runs, such as a sweep's.

    Returns:
        The finished runs by name, and the unfinished ones found below a place.

    Raises:
        ConfigError: a place holds no finished run.

    Example:
        >>> find_runs(["runs"])[0]  # doctest: +SKIP
        {'ac16': PosixPath('runs/ac16'), 'h9c2': PosixPath('runs/h9c2')}
    """
    finished: list[Path] = []
    begun: list[str] = []
    for place in map(Path, places):
        below = [place] if (place / CONFIG).is_file() else _below(place)
        found = [folder for folder in below if is_finished(folder)]
        if not found:
            raise ConfigError(
                "Expected a finished run, or a folder that holds some; there is no run.json.",
                file=place,
                fix="Give run folders, or finish the training.",
            )
        begun += [str(folder) for folder in below if folder not in found]
        finished += found
    return _named(list(dict.fromkeys(finished))), begun


def compare_runs(places: Sequence[str | Path]) -> Comparison:
    """Reads finished runs and puts them beside each other.

    Args:
        places: as `find_runs`.

    Raises:
        ConfigError: a place holds no finished run, or a file of one cannot be read.

    Example:
        >>> compare_runs(["runs/plain", "runs/dense"]).rows["f1"]  # doctest: +SKIP
    """
    runs, begun = find_runs(places)
    configs = {name: _flat(read_json(folder / CONFIG)) for name, folder in runs.items()}
    data = {name: _checksums(folder) for name, folder in runs.items()}
    letters = _letters([images for images, _ in data.values()])
    rows = [
        {"run": name, "images": letter}
        | run_row(folder)
        | {flag: configs[name].get(flag, "") for flag in MACHINE}
        for (name, folder), letter in zip(runs.items(), letters, strict=True)
    ]
    warnings = _data_warnings(data, letters)
    warnings += [f"Not finished, left out: {folder}." for folder in begun]
    return Comparison(pd.DataFrame(rows), _differing(configs), tuple(warnings))


def _below(place: Path) -> list[Path]:
    levels = ["/".join("*" * depth) for depth in range(1, _DEPTH + 1)]
    return sorted(path.parent for level in levels for path in place.glob(f"{level}/{CONFIG}"))


def _named(folders: list[Path]) -> dict[str, Path]:
    """Folders by their shortest ends that tell them apart: `plain`, else `a/plain`, `b/plain`."""
    parts = [folder.resolve().parts for folder in folders]
    for depth in range(1, max(map(len, parts)) + 1):
        names = ["/".join(part[-depth:]) for part in parts]
        if len(set(names)) == len(names):
            break
    return dict(zip(names, folders, strict=True))


def _checksums(folder: Path) -> tuple[str, str]:
    """Checksums of a run's images with their labels, and of its folds."""
    path = folder / MANIFEST
    try:
        manifest = pd.read_csv(path, dtype=str, keep_default_na=False)
    except (OSError, ValueError) as error:
        raise ConfigError(f"Expected the folds of a run: {error}.", file=path) from error
    lacking = {"key", "label", "fold"} - set(manifest.columns)
    if lacking:
        raise ConfigError(f"Expected the column {sorted(lacking)[0]}.", file=path)
    manifest = manifest.sort_values("key")
    images = [name for name in _DATA if name in manifest]
    folds = [*images, *(name for name in ("fold", "inner") if name in manifest)]
    return _digest(manifest[images]), _digest(manifest[folds])


def _digest(table: pd.DataFrame) -> str:
    return hashlib.sha256(table.to_csv(index=False).encode()).hexdigest()


def _letters(checksums: list[str]) -> list[str]:
    """A letter for each different checksum: A, B, … Z, AA, AB, …"""
    numbers = {checksum: n for n, checksum in enumerate(dict.fromkeys(checksums))}
    names = []
    for checksum in checksums:
        name, number = "", numbers[checksum] + 1
        while number:
            number, letter = divmod(number - 1, 26)
            name = chr(ord("A") + letter) + name
        names.append(name)
    return names


def _data_warnings(data: dict[str, tuple[str, str]], letters: list[str]) -> list[str]:
    warnings = []
    if len(set(letters)) > 1:
        warnings.append(
            f"{len(set(letters))} different sets of images or labels (column images): figures "
            "are comparable within one letter only."
        )
    for letter in dict.fromkeys(letters):
        runs = [run for run, one in zip(data, letters, strict=True) if one == letter]
        if len({data[run][1] for run in runs}) > 1:
            warnings.append(
                f"Images {letter}: the folds differ between runs, so part of any difference is "
                "that of the folds."
            )
    return warnings


def _differing(configs: dict[str, dict[str, Any]]) -> pd.DataFrame:
    names = dict.fromkeys(name for config in configs.values() for name in config)
    rows = []
    for name in names:
        values = {run: as_text(config.get(name, _ABSENT)) for run, config in configs.items()}
        if len(set(values.values())) > 1:
            rows.append({"flag": name} | values)
    return pd.DataFrame(rows, columns=["flag", *configs])


def _flat(nested: dict[str, Any]) -> dict[str, Any]:
    """A config.json of any trainer by flag."""
    found: dict[str, Any] = {}
    for name, value in nested.items():
        found |= _flat(value) if isinstance(value, dict) else {name: value}
    return found
