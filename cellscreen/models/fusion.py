"""Three ways in which a cell's branches become one vector, and the layers behind."""

from __future__ import annotations

from collections.abc import Mapping

from keras import KerasTensor, layers

from cellscreen.models.cell_config import CellNetConfig

TABLE = "table"
Features = Mapping[str, KerasTensor]


def fuse(features: Features, config: CellNetConfig) -> KerasTensor:
    """Joins the branches as `config.fusion` says.

    - `concatenate`: side by side, in the order of the branches (paper 003, section 2.2).
    - `gate`: side by side, each number times a gate from 0 to 1 that two dense layers, ReLU
      between and sigmoid behind, make of all of them (paper 002, "Attention Mechanism").
    - `film`: the table makes a scale and a shift for each number of the images (Perez et al.
      2018, equations 1 and 2); with the first weights both change nothing.

    Args:
        features: `(batch, n)` a branch, by its name; the table's is `table`.
        config: uses fusion, fusion_units.

    Returns:
        `(batch, features)`.

    Example:
        >>> found = fuse({"mask": keras.Input((8,)), "table": keras.Input((2,))}, config)
        >>> found.shape  # doctest: +SKIP
        (None, 10)
    """
    return FUSIONS[config.fusion](features, config)


def project(x: KerasTensor, config: CellNetConfig) -> KerasTensor:
    """The dense layers between the fusion and the classifier (002: one, ReLU; 003: some).

    Args:
        x: `(batch, features)`.
        config: uses projection_units, projection_depth, projection_dropout.
    """
    for n in range(1, config.projection_depth + 1 if config.projection_units else 1):
        x = layers.Dense(config.projection_units, activation="relu", name=f"projection_{n}")(x)
        if config.projection_dropout:
            x = layers.Dropout(config.projection_dropout, name=f"projection_dropout_{n}")(x)
    return x


def _concatenate(features: Features, config: CellNetConfig) -> KerasTensor:
    del config
    first, *others = features.values()
    return layers.Concatenate(name="concatenation")([first, *others]) if others else first


def _gate(features: Features, config: CellNetConfig) -> KerasTensor:
    x = _concatenate(features, config)
    hidden = layers.Dense(config.fusion_units, activation="relu", name="gate_hidden")(x)
    gate = layers.Dense(x.shape[-1], activation="sigmoid", name="gate")(hidden)
    return layers.Multiply(name="gated")([x, gate])


def _film(features: Features, config: CellNetConfig) -> KerasTensor:
    images = {name: x for name, x in features.items() if name != TABLE}
    x = _concatenate(images, config)
    hidden = layers.Dense(config.fusion_units, activation="relu", name="film_hidden")
    made = hidden(features[TABLE])
    scale, shift = (
        layers.Dense(
            x.shape[-1], kernel_initializer="zeros", bias_initializer=start, name=f"film_{name}"
        )(made)
        for name, start in (("scale", "ones"), ("shift", "zeros"))
    )
    return layers.Add(name="shifted")([layers.Multiply(name="scaled")([x, scale]), shift])


FUSIONS = {"concatenate": _concatenate, "gate": _gate, "film": _film}
