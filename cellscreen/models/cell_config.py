"""What a net for single cells is made of: one frozen dataclass for all branches and fusions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

from cellscreen.errors import ConfigError
from cellscreen.models.bag_config import NormName

BranchName = Literal["mask", "flow", "intensity"]
CellBackbone = Literal["small", "plain", "efficientnet_b0"]
Fusion = Literal["concatenate", "gate", "film"]

METADATA = "Metadata_"  # columns that say where a cell comes from, not what it looks like


@dataclass(frozen=True)
class CellNetConfig:
    """Which image branches, which table, how they meet, and how large all is.

    Papers 002 (Part 3, section 2) and 003 (section 2.2) describe two such nets, which are
    `hybrids.MASK_FLOW_HYBRID` and `hybrids.IMAGE_METADATA_HYBRID`. What they leave open is ours,
    with its reasons in docs/decisions/hybrids.md.

    Raises:
        ConfigError: a field is out of bounds, two fields contradict each other, or a column that
            may hold the answer is among the features.

    Example:
        >>> CellNetConfig(branches=("mask",), table_features=("Cells_AreaShape_Area",)).fusion
        'concatenate'
    """

    branches: tuple[str, ...] = ("mask", "flow")  # image branches: mask, flow, intensity, or none
    table_features: tuple[str, ...] = ()  # columns of the table's branch, in order; or none
    leaky_features: bool = False  # allow Metadata_ columns there, which may hold the answer
    cell_backbone: CellBackbone = "small"  # the CNN of every image branch, each its own
    cell_width: int = 0  # channels of its first convolution, not of efficientnet_b0; 0: 32
    plain_stages: int = 3  # convolutions, each with a pooling behind; cell_backbone plain only
    cell_norm: NormName = "batch"  # layers that normalise feature maps; plain has none
    cell_momentum: float = 0.9  # share of the old value a step keeps in moving statistics
    cell_weights: str = ""  # file of every backbone's first weights, for RGB; empty: random
    centre_planes: bool = True  # whether planes from 0 to 1 become (x - 0.5) / 0.5 first
    table_units: int = 32  # units of each layer of the table's branch
    table_depth: int = 1  # such layers
    table_norm: bool = True  # batch normalisation behind each of them
    table_dropout: float = 0.3  # share of features dropped behind each of them
    missing_flags: bool = False  # one more column a feature: 1 where its value is missing
    fusion: Fusion = "concatenate"  # how the branches meet
    fusion_units: int = 256  # hidden units of the gate, or of what makes film's scale and shift
    projection_units: int = 256  # units of each layer behind the fusion; 0: none
    projection_depth: int = 1  # such layers
    projection_dropout: float = 0.0  # share of features dropped behind each of them

    def __post_init__(self) -> None:
        for name, allowed in (
            ("cell_backbone", CellBackbone),
            ("cell_norm", NormName),
            ("fusion", Fusion),
        ):
            _check_word(name, getattr(self, name), get_args(allowed))
        for name, low, high in (
            ("cell_width", 0, 1024),
            ("plain_stages", 1, 6),
            ("cell_momentum", 0, 0.999),
            ("table_units", 1, 4096),
            ("table_depth", 1, 8),
            ("table_dropout", 0, 0.9),
            ("fusion_units", 1, 16384),
            ("projection_units", 0, 16384),
            ("projection_depth", 1, 8),
            ("projection_dropout", 0, 0.9),
        ):
            _check_range(name, getattr(self, name), low, high)
        self._check_names()
        self._check_together()

    def _check_names(self) -> None:
        for name in self.branches:
            _check_word("branches", name, get_args(BranchName))
        _check_once("branches", self.branches)
        _check_once("table_features", self.table_features)
        leaky = [name for name in self.table_features if name.startswith(METADATA)]
        if leaky and not self.leaky_features:
            raise ConfigError(
                f"Expected measured features of cells as table_features; {', '.join(leaky)} may "
                "hold the answer, such as plate, well or compound.",
                fix="Leave them out, or set --leaky_features and call the result what it is.",
            )

    def _check_together(self) -> None:
        if not (self.branches or self.table_features):
            raise ConfigError("Expected branches or table_features; got neither.")
        if self.fusion == "film" and not (self.branches and self.table_features):
            raise ConfigError(
                "Expected branches and table_features with fusion=film, where the table scales "
                "the images' features.",
                fix="Set --fusion=concatenate where one of them is off.",
            )
        if self.cell_width and self.cell_backbone == "efficientnet_b0":
            raise ConfigError(
                "Expected cell_width 0 with efficientnet_b0, whose widths are fixed; got "
                f"{self.cell_width}."
            )
        if self.cell_weights and self.cell_backbone == "plain":
            raise ConfigError("Expected no cell_weights with cell_backbone=plain.")


def _check_word(name: str, value: str, allowed: tuple[str, ...]) -> None:
    if value not in allowed:
        raise ConfigError(f"Expected {name} to be one of {', '.join(allowed)}; got {value!r}.")


def _check_range(name: str, value: float, low: float, high: float) -> None:
    if not low <= value <= high:
        raise ConfigError(f"Expected {name} within {low} and {high}; got {value}.")


def _check_once(name: str, values: tuple[str, ...]) -> None:
    if len(set(values)) < len(values) or not all(values):
        raise ConfigError(f"Expected {name} of different names; got {', '.join(values)}.")
