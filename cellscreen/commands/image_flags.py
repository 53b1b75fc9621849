"""The flags of every verb that reads a folder of images, and the one way they are read."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from absl import flags

if TYPE_CHECKING:
    import pandas as pd

    from cellscreen.plates.coverage import Coverage
    from cellscreen.plates.platemap_file import MapOptions
    from cellscreen.plates.read_options import ReadOptions


def define_image_flags(values: flags.FlagValues, *, required: bool = True) -> None:
    """Defines `--images` and what may be said of its layout and plate map.

    Args:
        values: get the flags.
        required: whether `--images` has to be given.
    """

    def text(name: str, about: str, default: str = "") -> None:
        flags.DEFINE_string(name, default, about, flag_values=values)

    def texts(name: str, about: str) -> None:
        flags.DEFINE_multi_string(name, [], f"{about} May be repeated.", flag_values=values)

    def words(name: str, about: str) -> None:
        flags.DEFINE_list(name, [], about, flag_values=values)

    flags.DEFINE_string("images", None, "Folder of images.", flag_values=values, required=required)
    text("format", "Layout of the folder, where looking does not find it.", "auto")
    text("template", "Paths below it, as {plate}/{well}_{site}_{channel}.tif.")
    text("regex", "The same as a regular expression with named groups.")
    texts("ignore", "Images that a template leaves out, as *_mask.png.")
    texts("channels", "Channel names, as NAME=NEW, or a file with a channels: map.")
    texts("replace_root", "Where the images of a table lie now, as OLD=NEW.")
    flags.DEFINE_integer(
        "bit_depth",
        0,
        "Bits the camera used, 8 to 16, where the folder does not state them; 0: not known.",
        lower_bound=0,
        upper_bound=16,
        flag_values=values,
    )
    text("platemap", "Plate map: .csv, .tsv, .xlsx, or a folder as of JUMP.")
    texts("compounds", "Table of the compounds of a plate map.")
    flags.DEFINE_float(
        "min_coverage",
        1.0,
        "Least share of the wells with images that the plate map must have.",
        lower_bound=0.0,
        upper_bound=1.0,
        flag_values=values,
    )
    flags.DEFINE_enum(
        "empty_broad_sample_is",
        "error",
        ["error", "DMSO", "empty"],
        "What a well of the plate map without a perturbation is.",
        flag_values=values,
    )
    words("empty_broad_sample_except", "Plate maps of another rule, as *_orf_*=empty.")
    words("negcon_names", "Perturbations that are negative controls, with commas.")
    words("poscon_names", "Perturbations that are positive controls.")
    words("empty_names", "Names in the plate map that mean an empty well.")
    words("control_words", "More words of its control column, as dose_series=trt.")
    text("concentration_unit", "Unit of its concentrations, where it states none.")
    flags.DEFINE_float(
        "treated_concentration_um",
        None,
        "Concentration of all treated wells in µM, where it has none.",
        lower_bound=0.0,
        flag_values=values,
    )


def read_images(values: flags.FlagValues) -> tuple[pd.DataFrame, str, Coverage | None]:
    """Reads the folder that the flags name, with its plate map where there is one.

    Returns:
        The plate table, the sign by which its layout was recognised, and the coverage of the join.

    Raises:
        PlateTableError: folder or plate map cannot be read, or too few wells are in the map.
        ConfigError: flags contradict each other.
    """
    from cellscreen.plates.table import read_with_layout

    table, layout = read_with_layout(Path(values["images"].value), _read_options(values))
    if not values["platemap"].value:
        return table, layout, None
    from cellscreen.plates.platemap import read_platemap
    from cellscreen.plates.platemap_join import join_platemap

    platemap = read_platemap(
        values["platemap"].value, _map_options(values), values["compounds"].value
    )
    joined, coverage = join_platemap(table, platemap, values["min_coverage"].value)
    return joined, layout, coverage


def _read_options(values: flags.FlagValues) -> ReadOptions:
    from cellscreen.plates.read_options import ReadOptions

    return ReadOptions(
        format=values["format"].value,
        template=values["template"].value,
        regex=values["regex"].value,
        ignore=tuple(values["ignore"].value),
        channels=tuple(values["channels"].value),
        replace_root=tuple(values["replace_root"].value),
        bit_depth=values["bit_depth"].value,
    )


def _map_options(values: flags.FlagValues) -> MapOptions:
    from cellscreen.plates.controls import ControlRules
    from cellscreen.plates.platemap_file import MapOptions

    rules = ControlRules(
        values["empty_broad_sample_is"].value,
        except_maps=_pairs(values, "empty_broad_sample_except", "PATTERN=RULE"),
        negcon_names=tuple(values["negcon_names"].value),
        poscon_names=tuple(values["poscon_names"].value),
        empty_names=tuple(values["empty_names"].value),
        words=_pairs(values, "control_words", "WORD=TYPE"),
    )
    treated_um = values["treated_concentration_um"].value
    return MapOptions(rules, values["concentration_unit"].value, treated_um)


def _pairs(values: flags.FlagValues, name: str, form: str) -> tuple[tuple[str, str], ...]:
    from cellscreen.errors import ConfigError

    pairs = [text.rpartition("=") for text in values[name].value]
    for before, equals, after in pairs:
        if not (before and equals and after):
            raise ConfigError(f"Expected {name} as {form}; got {before + equals + after!r}.")
    return tuple((before, after) for before, _, after in pairs)
