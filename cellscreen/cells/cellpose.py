"""Cells by Cellpose 3, the extra `cellpose`; see docs/decisions/cellpose.md.

Weights are read from a file that is there. Nothing is downloaded: Cellpose would take its default
weights for a path that does not exist, and turns off the check of certificates to fetch them.
"""

from __future__ import annotations

import functools
import importlib
import importlib.metadata
import os
import pickle
import threading
from pathlib import Path
from typing import Any

import numpy as np

from cellscreen.cells.segment_config import SegmentConfig
from cellscreen.errors import ConfigError

_SITE = "https://www.cellpose.org/models"
_FOLDER = "CELLPOSE_LOCAL_MODELS_PATH"  # Cellpose's own variable
_FILES = {name: f"{name}torch_0" for name in ("cyto", "cyto2", "nuclei")}
_NOT_IN_FILES = {"diam_mean", "diam_labels"}  # its own oldest files lack them
_LOADING = threading.Lock()


def find_cells(
    image: np.ndarray, config: SegmentConfig, diameter: float | None
) -> tuple[np.ndarray, np.ndarray]:
    """Finds whole cells, or nuclei, whichever the weights were trained for.

    Args:
        image: `(height, width)`.
        config: weights, `flow_threshold` and `cellprob_threshold`.
        diameter: usual diameter in pixels; None for that of the cells that the weights were trained
            on (what `CellposeModel.eval` makes of None).

    Returns:
        The label image, `(height, width)` int32; and `(3, height, width)` float32: flow in y, flow
        in x, both towards the cell's middle and about 5 long inside a cell (Cellpose trains on
        five times a unit vector), and the cell probability before the sigmoid.

    Raises:
        ConfigError: Cellpose 3 is not installed, or there are no such weights.

    Example:
        >>> config = SegmentConfig(method="cellpose", weights="cyto3")
        >>> labels, flows = find_cells(field, config, None)  # doctest: +SKIP
    """
    model = _model(weights_path(config.weights))
    masks, flows, _ = model.eval(
        image,
        channels=[0, 0],
        diameter=diameter,
        flow_threshold=config.flow_threshold,
        cellprob_threshold=config.cellprob_threshold,
        normalize={"normalize": True},
    )
    maps = np.concatenate([flows[1], flows[2][None]]).astype(np.float32)
    return np.asarray(masks).astype(np.int32), maps


def weights_path(weights: str) -> Path:
    """Returns the file of weights.

    Args:
        weights: a path, or the name of one of Cellpose's models (`cyto3`, `nuclei`), which lie in
            the folder that CELLPOSE_LOCAL_MODELS_PATH names, else in `~/.cellpose/models`.

    Raises:
        ConfigError: there is no such file; it says what to fetch and where to put it.
    """
    path = Path(weights)
    if path.is_file():
        return path
    if path.name != weights or path.suffix:
        raise ConfigError(
            "Expected a file of Cellpose weights; there is none.",
            file=path,
            fix="Correct the path; no other weights are taken in its place.",
        )
    name = _FILES.get(weights, weights)
    folder = Path(os.environ.get(_FOLDER) or Path.home() / ".cellpose" / "models")
    if not (folder / name).is_file():
        raise ConfigError(
            f"The weights {weights} are not on this machine, and are not downloaded.",
            file=folder / name,
            fix=f"Fetch {_SITE}/{name}, put it there, or name its folder in {_FOLDER}.",
        )
    return folder / name


def _model(path: Path) -> Any:
    stamp = path.stat()
    with _LOADING:
        return _loaded(path.resolve(), stamp.st_mtime_ns, stamp.st_size)


@functools.lru_cache(maxsize=1)
def _loaded(path: Path, changed: int, size: int) -> Any:
    """The model, loaded once a process; anew when the file has changed."""
    del changed, size
    models, torch = _library("cellpose.models"), _library("torch")
    try:
        stored = torch.load(path, map_location="cpu", weights_only=True)
        model = models.CellposeModel(gpu=True, pretrained_model=str(path))
    except (AssertionError, AttributeError, EOFError, KeyError, RuntimeError, TypeError) as error:
        raise _unfit(path, str(error)) from error
    except pickle.UnpicklingError as error:
        raise _unfit(path, "the file holds more than weights, or is cut") from error
    # It loads what fits and leaves the rest at random values without a word.
    if missing := set(model.net.state_dict()) - set(stored) - _NOT_IN_FILES:
        raise _unfit(path, f"it lacks {len(missing)} layers, {min(missing)} the first")
    return model


def _unfit(path: Path, why: str) -> ConfigError:
    return ConfigError(
        f"Expected weights of a Cellpose 3 net; {' '.join(why.split())}.",
        file=path,
        fix="Train them with Cellpose 3, or take one of its own models; those of 4 do not fit.",
    )


def _library(name: str) -> Any:
    fix = "Install it as docs/decisions/cellpose.md says."
    try:
        library, version = importlib.import_module(name), importlib.metadata.version("cellpose")
    except ImportError as error:
        raise ConfigError("The method cellpose needs Cellpose 3 and torch.", fix=fix) from error
    if not version.startswith("3."):
        raise ConfigError(f"Expected Cellpose 3; {version} is installed.", fix=fix)
    return library
