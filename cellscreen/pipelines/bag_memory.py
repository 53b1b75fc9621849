"""The crops of bags, kept in memory where they fit: each record is then read once, not each epoch.

A well's crops lie in a few records of megabytes, and an epoch takes 12 of them: reading is dearer
than a small net's step.
"""

from __future__ import annotations

import dataclasses
import logging
from dataclasses import dataclass, field

import numpy as np

from cellscreen.pipelines.bag_index import BagIndex

LOGGER = logging.getLogger(__name__)
CACHE_BYTES = 1 << 31


@dataclass(frozen=True)
class KeptBags(BagIndex):
    """An index that keeps the crops of a bag once they were read.

    Attributes:
        kept: by row of `bags` all its crops, `(cells, size, size, channels)` uint8.
    """

    kept: dict[int, np.ndarray] = field(default_factory=dict, repr=False)

    def read_crops(self, bag: int, at: np.ndarray | None = None) -> np.ndarray:
        """As `BagIndex.read_crops`; what is kept is not to be written into."""
        if bag not in self.kept:
            crops = super().read_crops(bag)
            crops.flags.writeable = False
            self.kept[bag] = crops
        return self.kept[bag] if at is None else self.kept[bag][np.asarray(at)]

    def release(self) -> None:
        """Frees the crops: TensorFlow keeps for good what its pipelines called, this index too."""
        self.kept.clear()


def keep_in_memory(index: BagIndex, most: int = CACHE_BYTES) -> BagIndex:
    """The same bags, each read at most once, if the crops of all fit into memory.

    Args:
        index: the bags.
        most: bytes that crops may take, as 8-bit values.

    Example:
        >>> index = keep_in_memory(index_bags(folders, "well"))  # doctest: +SKIP
    """
    crop = index.crop_size**2 * len(index.channels)
    size = int(index.bags["cells"].sum()) * crop
    if size > most:
        LOGGER.info(
            "Crops take %.1f GB, more than the %.1f GB that are kept in memory: they are read from "
            "disk every epoch.",
            *(size / 1e9, most / 1e9),
        )
        return index
    shared = {one.name: getattr(index, one.name) for one in dataclasses.fields(BagIndex)}
    return KeptBags(**shared)
