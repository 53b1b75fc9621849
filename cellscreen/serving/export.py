"""A run folder to a SavedModel for TensorFlow Serving, its preprocessing inside the graph."""

from __future__ import annotations

import json
import shutil
import tempfile
from pathlib import Path
from typing import Any

from cellscreen.errors import ConfigError
from cellscreen.fitting import run_folder
from cellscreen.pipelines.folds import held_out_folds, read_manifest
from cellscreen.serving.common.model_files import ASSETS, MODEL_FILE, model_id, versions
from cellscreen.serving.common.seen_groups import seen_groups
from cellscreen.serving.common.trained_on import SEEN_FILE, SEEN_GROUPS_FILE
from cellscreen.serving.exporters import EXPORTERS
from cellscreen.training.configs import read_config


def export_run(workdir: str | Path, output: str | Path, fold: int | None = None) -> Path:
    """Writes one fold's net, or the mean over folds, as `<output>/<version>/`.

    Signatures of edge nets, each giving `p0` and `p1` `(batch,)` float32, the probabilities of both
    classes: `serving_default` takes `images` `(batch, height, width, 1)` uint8 of any size;
    `serve_uint16` the same as uint16; `serve_bytes` takes `data` `(batch,)`, PNG or JPEG files. The
    last two take `low` and `high` `(batch,)` int32: the raw values that become 0 and 255 on that
    plate. Those of other nets are told in `serving.bags.export.write_bag_model` and
    `serving.cells.export.write_cell_model`.

    Args:
        workdir: a finished run folder.
        output: the model's folder; TensorFlow Serving's `model_base_path`.
        fold: the fold whose net to export; None is the mean over all.

    Returns:
        The version's folder, numbered one above the highest that is there; the highest itself if
        it holds these very nets.

    Raises:
        ConfigError: the run is not finished, or has no such fold.
    """
    workdir, output = Path(workdir), Path(output)
    config, summary = read_config(workdir), run_folder.read_summary(workdir)
    known = held_out_folds(read_manifest(workdir / run_folder.MANIFEST))
    if fold is not None and fold not in known:
        listed = ", ".join(map(str, known))
        raise ConfigError(f"Expected a fold of {listed}; got {fold}.", file=workdir)
    folds = known if fold is None else [fold]
    identity = model_id(workdir, fold)
    present = versions(output)
    if present and _is_whole(present[-1], identity):
        return present[-1]
    models = [run_folder.load_fold(workdir, number) for number in folds]
    output.mkdir(parents=True, exist_ok=True)
    for leftover in output.glob(".export.*"):  # of an export that was killed
        shutil.rmtree(leftover)
    temporary = Path(tempfile.mkdtemp(prefix=".export.", dir=output))
    try:
        exporter = EXPORTERS[type(config)]
        exporter.write(models, config, workdir, temporary)
        more = exporter.describe(models, config, workdir)
        described = describe(more, config, summary, identity, fold)
        extra = temporary / ASSETS
        extra.mkdir()
        (extra / MODEL_FILE).write_text(json.dumps(described, indent=2) + "\n", encoding="utf-8")
        for name, lines in _seen(workdir, fold, config.folds_config.fold_by).items():
            (extra / name).write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
        temporary.chmod(0o755)
        return temporary.rename(output / str(int(present[-1].name) + 1 if present else 1))
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def _is_whole(version: Path, identity: str) -> bool:
    """Whether a version holds these nets, and all that is written beside them nowadays."""
    extra = version / ASSETS
    if not all((extra / name).is_file() for name in (MODEL_FILE, SEEN_FILE, SEEN_GROUPS_FILE)):
        return False
    return json.loads((extra / MODEL_FILE).read_text(encoding="utf-8"))["model_id"] == identity


def describe(
    more: dict[str, Any], config: Any, summary: dict[str, Any], identity: str, fold: int | None
) -> dict[str, Any]:
    """What a client must know of a served model: the content of `cellscreen.json`.

    Args:
        more: what only nets of this trainer say.
        config: of the run, resolved.
        summary: of the run.
        identity: of `model_id`.
        fold: one fold's net; None is the mean of all.
    """
    return {
        "model_id": identity,
        "task": config.data.task,
        "classes": list(config.data.classes),
        "folds": "mean of all" if fold is None else fold,
        **more,
        "group": summary["group"],
        "fold_by": config.folds_config.fold_by,
        "simulated": summary["simulated"],
        "leaky": summary["leaky"],
        "below_baseline": summary["below_baseline"],
        "versions": summary["versions"],
    }


def _seen(workdir: Path, fold: int | None, fold_by: str) -> dict[str, list[str]]:
    """What the exported nets were trained on: checksums and groups, by the file they go to."""
    manifest = read_manifest(workdir / run_folder.MANIFEST)
    used = held_out_folds(manifest) if fold is None else [fold]
    unseen = (manifest["fold"] == used[0]) & (len(used) == 1)
    seen = manifest["trained"] & ~unseen
    return {
        SEEN_FILE: sorted(set(manifest.loc[seen, "checksum"])),
        SEEN_GROUPS_FILE: seen_groups(manifest, seen, fold_by),
    }
