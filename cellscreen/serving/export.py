"""A run folder to a SavedModel for TensorFlow Serving, its preprocessing inside the graph."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import shutil
import tempfile
from pathlib import Path
from typing import Any

import keras
import tensorflow as tf

from cellscreen.errors import ConfigError
from cellscreen.images import in_graph
from cellscreen.pipelines.edge_input import EdgeInput
from cellscreen.pipelines.folds import held_out_folds, read_manifest
from cellscreen.serving.seen_groups import seen_groups
from cellscreen.training import run_folder

MODEL_FILE = "cellscreen.json"
SEEN_FILE, SEEN_GROUPS_FILE = "trained_sha256.txt", "trained_groups.txt"
ASSETS = "assets.extra"
EDGE_STEPS = "gauss3x3 reflect101; canny sobel3 L2 20 60; area pool; area resize"


def export_run(workdir: str | Path, output: str | Path, fold: int | None = None) -> Path:
    """Writes one fold's net, or the mean over folds, as `<output>/<version>/`.

    Signatures, each giving `p0` and `p1` `(batch,)` float32, the probabilities of both classes:
    `serving_default` takes `images` `(batch, height, width, 1)` uint8 of any size; `serve_uint16`
    the same as uint16; `serve_bytes` takes `data` `(batch,)`, PNG or JPEG files. The last two take
    `low` and `high` `(batch,)` int32: the raw values that become 0 and 255 on that plate.

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
    config, summary = run_folder.read_config(workdir), run_folder.read_summary(workdir)
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
        _write_saved_model(models, config.edge_input, temporary)
        described = describe(config, summary, identity, fold)
        extra = temporary / ASSETS
        extra.mkdir()
        (extra / MODEL_FILE).write_text(json.dumps(described, indent=2) + "\n", encoding="utf-8")
        for name, lines in _seen(workdir, fold, config.folds_config.fold_by).items():
            (extra / name).write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
        temporary.chmod(0o755)
        return temporary.rename(output / str(int(present[-1].name) + 1 if present else 1))
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def versions(output: Path) -> list[Path]:
    """The exported versions in a model's folder, oldest first."""
    found = [v for v in output.glob("*") if v.name.isdigit() and (v / "saved_model.pb").is_file()]
    return sorted(found, key=lambda version: int(version.name))


def _is_whole(version: Path, identity: str) -> bool:
    """Whether a version holds these nets, and all that is written beside them nowadays."""
    extra = version / ASSETS
    if not all((extra / name).is_file() for name in (MODEL_FILE, SEEN_FILE, SEEN_GROUPS_FILE)):
        return False
    return json.loads((extra / MODEL_FILE).read_text(encoding="utf-8"))["model_id"] == identity


def model_id(workdir: Path, fold: int | None = None) -> str:
    """A name for a run's nets: equal weights have equal names.

    Args:
        workdir: a finished run folder.
        fold: one fold's net; None is all of them.
    """
    config = run_folder.read_config(workdir)
    known = held_out_folds(read_manifest(workdir / run_folder.MANIFEST))
    folds = known if fold is None else [fold]
    digest = hashlib.sha256()
    for number in folds:
        digest.update(run_folder.model_path(workdir, number).read_bytes())
    part = "mean" if fold is None else f"fold{fold}"
    return f"{config.net_config.net}-{part}-{digest.hexdigest()[:12]}"


def describe(
    config: Any, summary: dict[str, Any], identity: str, fold: int | None
) -> dict[str, Any]:
    """What a client must know of a served model: the content of `cellscreen.json`."""
    return {
        "model_id": identity,
        "task": config.data.task,
        "classes": list(config.data.classes),
        "outputs": {"p0": config.data.classes[0], "p1": config.data.classes[1]},
        "folds": "mean of all" if fold is None else fold,
        "channel_names": [config.data.channel],
        "edge_input": dataclasses.asdict(config.edge_input),
        "preprocessing_hash": preprocessing_hash(config.edge_input),
        "group": summary["group"],
        "fold_by": config.folds_config.fold_by,
        "simulated": summary["simulated"],
        "leaky": summary["leaky"],
        "below_baseline": summary["below_baseline"],
        "versions": summary["versions"],
    }


def preprocessing_hash(edge_input: EdgeInput) -> str:
    """A digest of everything between raw pixels and the net: equal if the inputs are made equal."""
    text = f"{EDGE_STEPS}; {edge_input.reduce_factor}; {edge_input.input_size}"
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _write_saved_model(models: list[keras.Model], edge_input: EdgeInput, folder: Path) -> None:
    def probabilities(inputs: tf.Tensor) -> dict[str, tf.Tensor]:
        mean = tf.add_n([model(inputs, training=False) for model in models]) / len(models)
        return {"p0": mean[:, 0], "p1": mean[:, 1]}

    size = (edge_input.input_size, edge_input.input_size, 1)
    spec = tf.TensorSpec(size, tf.float32)

    def from_uint8(images: tf.Tensor) -> dict[str, tf.Tensor]:
        return probabilities(
            tf.map_fn(lambda i: net_input(i[..., 0], edge_input), images, fn_output_signature=spec)
        )

    def scaled(args: tuple[tf.Tensor, ...]) -> tf.Tensor:
        image, low, high = args
        return net_input(in_graph.to_uint8(image[..., 0], low, high), edge_input)

    def from_uint16(images: tf.Tensor, low: tf.Tensor, high: tf.Tensor) -> dict[str, tf.Tensor]:
        return probabilities(tf.map_fn(scaled, (images, low, high), fn_output_signature=spec))

    def decoded(args: tuple[tf.Tensor, ...]) -> tf.Tensor:
        data, low, high = args
        gray = in_graph.to_gray(in_graph.decode_image(data))
        return net_input(in_graph.to_uint8(gray, low, high), edge_input)

    def from_bytes(data: tf.Tensor, low: tf.Tensor, high: tf.Tensor) -> dict[str, tf.Tensor]:
        return probabilities(tf.map_fn(decoded, (data, low, high), fn_output_signature=spec))

    def spec_of(name: str, dtype: tf.DType, *shape: int | None) -> tf.TensorSpec:
        return tf.TensorSpec((None, *shape), dtype, name=name)

    scale = [spec_of("low", tf.int32), spec_of("high", tf.int32)]
    archive = keras.export.ExportArchive()
    archive.track(_Tracked(models))
    images8 = spec_of("images", tf.uint8, None, None, 1)
    archive.add_endpoint("serving_default", from_uint8, input_signature=[images8])
    images16 = spec_of("images", tf.uint16, None, None, 1)
    archive.add_endpoint("serve_uint16", from_uint16, input_signature=[images16, *scale])
    data = spec_of("data", tf.string)
    archive.add_endpoint("serve_bytes", from_bytes, input_signature=[data, *scale])
    archive.write_out(str(folder), verbose=False)


class _Tracked(keras.layers.Layer):
    """Holds the nets, so that the archive finds their variables."""

    def __init__(self, models: list[keras.Model]) -> None:
        super().__init__()
        self.models = models
        self.built = True


def net_input(gray8: tf.Tensor, edge_input: EdgeInput) -> tf.Tensor:
    """One 8-bit image to the net's input: edges, then the one reduction.

    Args:
        gray8: `(height, width)` uint8.
        edge_input: the net's input.

    Returns:
        `(size, size, 1)` float32 in [0, 1].
    """
    edges = tf.cast(in_graph.edge_map(gray8), tf.float32)[..., None]
    return in_graph.reduce_edges(edges, edge_input.reduce_factor, edge_input.input_size)


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
