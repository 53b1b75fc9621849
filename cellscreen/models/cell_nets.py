"""The net from a cell's crops and its row of a table to class probabilities."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import keras

from cellscreen.errors import ConfigError
from cellscreen.models.blocks import probabilities
from cellscreen.models.cell_config import CellNetConfig
from cellscreen.models.cell_layers import CellPlanes
from cellscreen.models.fusion import TABLE, fuse, project
from cellscreen.models.image_branch import image_branch
from cellscreen.models.tabular_branch import table_features_of, tabular_branch

Channels = Mapping[str, Sequence[str]]


def build_cell_net(
    config: CellNetConfig, cell_size: int, channels: Channels, outputs: int
) -> keras.Model:
    """The net that `config` describes, with fresh weights: branches, fusion, classifier.

    With `hybrids.MASK_FLOW_HYBRID` it is paper 002's (Part 3, section 2), with
    `hybrids.IMAGE_METADATA_HYBRID` paper 003's (section 2.2). The weights follow from
    `keras.utils.set_random_seed`, the dtypes from the global policy; the probabilities are float32
    always.

    Args:
        config: which branches and fusion, and how large.
        cell_size: side of a crop, px.
        channels: names of each image branch's planes, in order, by branch; the net keeps them.
            Those of branches that are off are not looked at.
        outputs: classes.

    Returns:
        A model from a dictionary to probabilities `(batch, outputs)` float32. The dictionary
        holds what is on of `mask`, `flow` and `intensity` `(batch, size, size, planes)` float32
        in [0, 1], and `table` `(batch, features)` float32, NaN where missing, columns in the
        order of `config.table_features`. Before the first use `adapt_table` gives it the table's
        means and variances. Its last layer is called `probabilities`, what that takes in is the
        cell's embedding.

    Raises:
        ConfigError: a branch has no planes, or planes of equal names; the crops are too small;
            fewer than two classes; the file of weights is missing or another net's.

    Example:
        >>> config = CellNetConfig(branches=("mask",), table_features=("Cells_AreaShape_Area",))
        >>> build_cell_net(config, 64, {"mask": ("own", "other")}, outputs=3).output_shape
        (None, 3)
    """
    inputs, features = {}, {}
    for name in config.branches:
        planes = _planes(name, channels)
        inputs[name] = keras.Input((cell_size, cell_size, len(planes)), name=name)
        x = CellPlanes(planes, config.centre_planes, name=f"{name}_planes")(inputs[name])
        features[name] = image_branch(config, name, x)
    if config.table_features:
        inputs[TABLE] = keras.Input((len(config.table_features),), name=TABLE)
        features[TABLE] = tabular_branch(config, inputs[TABLE])
    x = project(fuse(features, config), config)
    return keras.Model(inputs, probabilities(x, outputs), name=f"cells_{config.fusion}")


def cell_planes_of(model: keras.Model) -> dict[str, tuple[str, ...]]:
    """Names of the planes of each image branch that a cell net was built for, in order."""
    return {name: layer.planes for name, layer in _planes_layers(model).items()}


def cell_size_of(model: keras.Model) -> int | None:
    """Side of the crops that a cell net was built for, px; None if it takes a table alone."""
    sizes = [layer.output.shape[1] for layer in _planes_layers(model).values()]
    return sizes[0] if sizes else None


def check_cells(model: keras.Model, cell_size: int, channels: Channels) -> None:
    """Refuses crops that a cell net was not built for.

    Args:
        model: a net of `build_cell_net`.
        cell_size: side of the crops, px.
        channels: names of each image branch's planes, in order; branches that the net does not
            have are not looked at.

    Raises:
        ConfigError: another size; a branch that is missing, or has other planes or another order.

    Example:
        >>> check_cells(model, 224, {"mask": MASK_PLANES})  # doctest: +SKIP
    """
    for name, expected in cell_planes_of(model).items():
        got = _planes(name, channels)
        if got != expected:
            raise ConfigError(
                f"Expected the planes {', '.join(expected)} in the branch {name}, as the model was "
                f"trained on; got {', '.join(got)}.",
                fix="Give crops of the model's planes, in its order.",
            )
    size = cell_size_of(model)
    if size is not None and cell_size != size:
        raise ConfigError(
            f"Expected crops of {size} px, as the model was trained on; got {cell_size} px."
        )


def _planes(name: str, channels: Channels) -> tuple[str, ...]:
    """The names of a branch's planes."""
    planes = tuple(channels.get(name, ()))
    if not planes or len(set(planes)) < len(planes) or not all(planes):
        raise ConfigError(
            f"Expected planes of different names for the branch {name}; got {list(planes)}."
        )
    return planes


def _planes_layers(model: keras.Model) -> dict[str, CellPlanes]:
    found = {
        layer.name.removesuffix("_planes"): layer
        for layer in model.layers
        if isinstance(layer, CellPlanes)
    }
    if not (found or table_features_of(model)):
        raise ConfigError(f"Expected a net for cells; {model.name} is not.")
    return found
