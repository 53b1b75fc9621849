"""Exported models on disk: their files and versions, and the name of a run's nets."""

from __future__ import annotations

import hashlib
from pathlib import Path

from cellscreen.fitting import run_folder
from cellscreen.pipelines.folds import held_out_folds, read_manifest

MODEL_FILE = "cellscreen.json"
ASSETS = "assets.extra"


def versions(output: Path) -> list[Path]:
    """The exported versions in a model's folder, oldest first."""
    found = [v for v in output.glob("*") if v.name.isdigit() and (v / "saved_model.pb").is_file()]
    return sorted(found, key=lambda version: int(version.name))


def model_id(workdir: Path, fold: int | None = None) -> str:
    """A name for a run's nets: equal weights have equal names.

    Args:
        workdir: a finished run folder.
        fold: one fold's net; None is all of them.
    """
    net = run_folder.read_summary(workdir)["net"]
    known = held_out_folds(read_manifest(workdir / run_folder.MANIFEST))
    folds = known if fold is None else [fold]
    digest = hashlib.sha256()
    for number in folds:
        digest.update(run_folder.model_path(workdir, number).read_bytes())
    part = "mean" if fold is None else f"fold{fold}"
    return f"{net}-{part}-{digest.hexdigest()[:12]}"
