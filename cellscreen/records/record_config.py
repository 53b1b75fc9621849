"""What can be set about records of cells, and the file in which a builder finds it."""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from cellscreen.atomic import write_text
from cellscreen.cells.feature_config import GROUPS, FeatureConfig
from cellscreen.cells.segment_config import SegmentConfig
from cellscreen.errors import ConfigError

LARGEST_CROP = 1024
OF_METHOD, FROM_LABELS = "method", "from_labels"
FLOWS = (OF_METHOD, FROM_LABELS)
_CELLPOSE = "cellpose"


@dataclass(frozen=True)
class CropConfig:
    """How cells are cut out of a field (MID, Methods: 96×96 pixels, not resized).

    Raises:
        ConfigError: a size that cannot work.
    """

    crop_size: int = 96  # side of a crop, px
    crop_border: Literal["pad", "exclude"] = "pad"  # cells whose crop leaves the field
    mask_neighbours: bool = False  # whether pixels of other cells become 0

    def __post_init__(self) -> None:
        if not 2 <= self.crop_size <= LARGEST_CROP:
            raise ConfigError(
                f"Expected crop_size of 2 to {LARGEST_CROP} px; got {self.crop_size}."
            )


@dataclass(frozen=True)
class RecordConfig:
    """How fields become records of the kinds `bags` and `cells`.

    Raises:
        ConfigError: a value that cannot work.
    """

    segment: SegmentConfig = field(default_factory=SegmentConfig)
    crops: CropConfig = field(default_factory=CropConfig)
    feature_groups: tuple[str, ...] = GROUPS  # features of each cell; shape,levels are paper 002's
    median_of: tuple[str, ...] = ()  # channels (or #1, #2 …) whose median is the only plane
    flows: str = OF_METHOD  # of cells: the method's (Cellpose's, else none), or from_labels
    max_failed: float = 0.0  # share of a plate's fields that may fail; they are listed

    def __post_init__(self) -> None:
        FeatureConfig(groups=self.feature_groups)
        if self.flows not in FLOWS:
            raise ConfigError(f"Expected flows of {' or '.join(FLOWS)}; got {self.flows!r}.")
        if not 0 <= self.max_failed < 1:
            raise ConfigError(f"Expected max_failed of 0 to below 1; got {self.max_failed}.")


def config_file(folder: Path, kind: str) -> Path:
    """Where the config of a kind lies beside a plate's table."""
    return folder / f"{kind}.json"


def write_record_config(config: RecordConfig, folder: Path, kind: str) -> None:
    """Writes a config beside a plate's table, for the builder to find."""
    write_text(config_file(folder, kind), json.dumps(dataclasses.asdict(config), indent=2) + "\n")


def read_record_config(folder: Path, kind: str, usual: RecordConfig) -> RecordConfig:
    """Reads the config beside a plate's table.

    Args:
        folder: of the plate's table.
        kind: of record.
        usual: what counts where there is no such file, and for what the file does not say.

    Raises:
        ConfigError: the file holds no such config.

    Example:
        >>> read_record_config(Path("plate_table"), "bags", RecordConfig())  # doctest: +SKIP
    """
    path = config_file(folder, kind)
    if not path.is_file():
        return usual
    try:
        said = json.loads(path.read_text(encoding="utf-8"))
        segment, crops = said.pop("segment", {}), said.pop("crops", {})
        listed: dict[str, Any] = {
            k: tuple(v) if isinstance(v, list) else v for k, v in said.items()
        }
        return dataclasses.replace(
            usual,
            segment=dataclasses.replace(usual.segment, **segment),
            crops=dataclasses.replace(usual.crops, **crops),
            **listed,
        )
    except (ValueError, TypeError, AttributeError) as error:
        raise ConfigError(
            f"Expected the JSON of a config of {kind} records; {error}.",
            file=path,
            fix="Remove the file for the usual config, or write it by `cellscreen build`.",
        ) from error


def what_it_makes(config: RecordConfig) -> str:
    """The config as JSON, less what does not change the records."""
    said = dataclasses.asdict(config)
    del said["max_failed"]
    if config.flows == OF_METHOD:  # plates prepared before there was a choice say nothing
        del said["flows"]
    return json.dumps(said, sort_keys=True)


def flow_source(config: RecordConfig) -> str:
    """Where the flows of cells come from, as prepared folders say it.

    Example:
        >>> flow_source(RecordConfig(flows="from_labels"))
        "from labels, not Cellpose's"
    """
    if config.flows == FROM_LABELS:
        return "from labels, not Cellpose's"
    return "Cellpose's" if config.segment.method == _CELLPOSE else "none"
