"""What can be set about segmentation."""

from __future__ import annotations

import math
from dataclasses import dataclass, fields

from cellscreen.cells.place import Place
from cellscreen.errors import ConfigError

METHODS = ("classical", "phase", "cellpose", "labels", "locations")
THRESHOLDS = ("global", "local")
BORDERS = ("keep", "drop")
_POSITIVE = ("diameter_px", "diameter_um", "threshold_factor", "reach")
_NOT_NEGATIVE = ("smoothing_px", "min_contrast", "min_area")


@dataclass(frozen=True)
class SegmentConfig:
    """How the objects of a field are found, and which of them stay.

    Raises:
        ConfigError: a value that cannot work, or a method without its file or weights.

    Example:
        >>> SegmentConfig(diameter_um=12).in_pixels(Place(pixel_size_um=0.6))
        20.0
    """

    method: str = "classical"  # classical, phase, cellpose, labels or locations
    nuclei_channel: str = ""  # channel that objects are found on; may stay empty with one channel
    cells_channel: str = ""  # channel that whole cells are grown on; empty: no whole cells
    diameter_px: float | None = None  # usual diameter of an object; None: estimated from the image
    diameter_um: float | None = None  # the same in µm; needs the table's pixel_size_um
    smoothing_px: float = 1.0  # sigma of the blur before the threshold
    threshold: str = "global"  # global (Otsu), or local (between the means of both sides nearby)
    threshold_factor: float = 1.0  # times the threshold; above 1 finds less
    min_contrast: float = 5.0  # objects over ground, in spreads of the ground; below: empty field
    min_area: float | None = None  # of the usual area; smaller is debris; None: 0.1, in phase 0.5
    border: str = "keep"  # keep or drop the objects that touch the image's border
    reach: float = 1.5  # how far a cell goes beyond its nucleus, in usual diameters
    labels: str = ""  # label images, as "labels/{plate}/{well}_{site}.tif"
    cell_labels: str = ""  # label images of whole cells, of the same numbers
    locations: str = ""  # folder of <plate>/<well>-<site>-Nuclei.csv
    weights: str = ""  # Cellpose: a file, or the name of one among its own models
    flow_threshold: float = 0.7  # Cellpose: flow error allowed (paper 002, Methods, Part 1)
    cellprob_threshold: float = -5.0  # Cellpose: lower finds more and larger (the same)

    def __post_init__(self) -> None:
        _check_choice("method", self.method, METHODS)
        _check_choice("threshold", self.threshold, THRESHOLDS)
        _check_choice("border", self.border, BORDERS)
        for field in fields(self):
            value = getattr(self, field.name)
            if isinstance(value, float | int) and not math.isfinite(value):
                raise ConfigError(f"Expected {field.name} to be a finite number; got {value}.")
            if value is not None and field.name in _POSITIVE and not value > 0:
                raise ConfigError(f"Expected {field.name} above 0; got {value}.")
            if value is not None and field.name in _NOT_NEGATIVE and not value >= 0:
                raise ConfigError(f"Expected {field.name} of 0 or more; got {value}.")
        if self.diameter_px is not None and self.diameter_um is not None:
            raise ConfigError("Expected diameter_px or diameter_um; got both.")
        needed = {"labels": "labels", "locations": "locations", "cellpose": "weights"}
        name = needed.get(self.method)
        if name and not getattr(self, name):
            raise ConfigError(f"The method {self.method} needs {name}; it is empty.")
        if self.method == "phase" and self.diameter_px is None and self.diameter_um is None:
            raise ConfigError("The method phase needs diameter_px or diameter_um.")
        if self.cell_labels and self.method != "labels":
            raise ConfigError(f"cell_labels go with the method labels, not {self.method}.")
        if self.cells_channel and self.method != "classical":
            raise ConfigError(f"cells_channel goes with the method classical, not {self.method}.")

    @property
    def least_share(self) -> float:
        """`min_area`, or the method's own."""
        if self.min_area is not None:
            return self.min_area
        return 0.5 if self.method == "phase" else 0.1

    def in_pixels(self, place: Place) -> float | None:
        """Returns the usual diameter in pixels; None if none is stated.

        Raises:
            ConfigError: it is stated in µm, and the field has no pixel size.
        """
        if self.diameter_um is None:
            return self.diameter_px
        if not place.pixel_size_um or not place.pixel_size_um > 0:
            raise ConfigError(
                f"diameter_um is {self.diameter_um:g}, but the field has no pixel_size_um.",
                **place.named(),
                fix="State pixel_size_um in the plate table, or the diameter as diameter_px.",
            )
        return self.diameter_um / place.pixel_size_um


def _check_choice(name: str, value: str, choices: tuple[str, ...]) -> None:
    if value not in choices:
        raise ConfigError(f"Expected {name} to be one of {', '.join(choices)}; got {value!r}.")
