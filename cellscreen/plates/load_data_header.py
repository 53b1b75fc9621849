"""The header of a LoadData file: which columns belong to which channel, and which to the site."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from cellscreen.plates import columns
from cellscreen.plates.delimited import DELIMITERS
from cellscreen.plates.problems import Problems
from cellscreen.plates.site_rows import SITE_KEYS, site_column

FILE, FOLDER, ADDRESS, FRAME = "FileName", "PathName", "URL", "Frame"
ROW, COLUMN = ("row", "wellrow", "well_row"), ("col", "column", "wellcol", "well_col", "wellcolumn")
_IMAGE = re.compile(r"(?:Image_)?(FileName|PathName|URL|Frame)_(.*)")
_UNUSED = re.compile(
    r"(?:Image_)?(?:Series_|Objects\w+_|Height_|Width_|MD5Digest_|Scaling_|Channel_|Group_).*"
    r"|(?:Image_)?ImageNumber"
)
_CHANNEL = re.compile(r"Orig(?:_|(?=[A-Z0-9])|$)")
_FUNCTION = re.compile(r"Illum(?:_|(?=[A-Z0-9])|$)")


@dataclass(frozen=True)
class ChannelColumns:
    """The headers that belong to one channel.

    Attributes:
        name: the channel.
        image: the header of each of `FILE`, `FOLDER`, `ADDRESS` and `FRAME` that there is.
        function: the same of the illumination function.
        metadata: the header of each column of the plate table that is said of the channel.
    """

    name: str
    image: dict[str, str] = field(default_factory=dict)
    function: dict[str, str] = field(default_factory=dict)
    metadata: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class LoadDataHeader:
    """The columns of a LoadData file.

    Attributes:
        channels: in their order.
        sites: the header of each column of the plate table that is said of a site.
        unused: headers that a plate table has no place for.
    """

    channels: tuple[ChannelColumns, ...]
    sites: dict[str, str]
    unused: tuple[str, ...]


def is_load_data_header(line: str) -> bool:
    """Whether the first line of a file names images as LoadData does.

    Example:
        >>> is_load_data_header("FileName_OrigDNA,Metadata_Plate"), is_load_data_header("path,well")
        (True, False)
    """
    for delimiter in DELIMITERS:
        names = next(csv.reader([line.strip()], delimiter=delimiter), [])
        if any(is_image_header(name) for name in names):
            return True
    return False


def is_image_header(header: str) -> bool:
    """Whether a column names files or addresses of images."""
    found = _IMAGE.fullmatch(header.strip())
    return found is not None and found[1] in (FILE, ADDRESS)


def channel_of(image: str) -> str:
    """Returns the channel of LoadData's image name: what follows `Orig`.

    Example:
        >>> [channel_of(image) for image in ("OrigDNA", "Orig_w1", "Orig", "DNA", "Original")]
        ['DNA', 'w1', '', 'DNA', 'Original']
    """
    return _CHANNEL.sub("", image, count=1) if _CHANNEL.match(image) else image


def image_of(channel: str, prefix: str = "Orig") -> str:
    """Returns an image name that `channel_of` turns back into the channel."""
    plain = not channel or re.match("[A-Z0-9]", channel)
    return prefix + channel if plain else f"{prefix}_{channel}"


def parse_header(headers: Iterable[str], problems: Problems) -> LoadDataHeader:
    """Returns what the columns of a LoadData file are.

    Args:
        headers: the names of the columns.
        problems: gets columns that are there twice, are missing or belong to no channel.
    """
    headers = [header for header in headers if header]
    for header in sorted({name for name in headers if headers.count(name) > 1}):
        problems.add(f"Two columns are called {header}.", line=1)
    images: dict[str, dict[str, str]] = {}
    rest: list[str] = []
    unused: list[str] = []
    for header in headers:
        found = _IMAGE.fullmatch(header)
        if found:
            images.setdefault(found[2], {})[found[1]] = header
        else:
            (unused if _UNUSED.fullmatch(header) else rest).append(header)
    channels = _channels(images, problems)
    sites: dict[str, str] = {}
    for header in rest:
        owner, column = _owner(header, channels)
        place = owner.metadata if owner else sites
        if column in place and place[column] != header:
            problems.add(f"Two columns are {column}: {place[column]} and {header}.", line=1)
        place[column] = header
    _check_sites(sites, headers, problems)
    return LoadDataHeader(tuple(channels.values()), sites, tuple(unused))


def _channels(images: dict[str, dict[str, str]], problems: Problems) -> dict[str, ChannelColumns]:
    """Returns the channels by LoadData's image name."""
    for image, headers in images.items():
        if not {FILE, ADDRESS} & headers.keys():
            problems.add(f"Expected a column FileName_{image} or URL_{image}.", line=1)
    functions = {name for name in images if _FUNCTION.match(name)}
    found: dict[str, ChannelColumns] = {}
    for image in (name for name in images if name not in functions):
        channel = channel_of(image)
        if any(other.name == channel for other in found.values()):
            problems.add(f"Two images are called {channel!r}, one of them Orig{channel}.", line=1)
        found[image] = ChannelColumns(channel, image=images[image])
    for function in sorted(functions):
        name = _FUNCTION.sub("", function, count=1)
        owners = [owner for owner in found.values() if owner.name == name]
        for owner in owners:
            owner.function.update(images[function])
        if not owners:
            problems.add(f"Expected a channel {name!r} for the function {function}.", line=1)
    if not found:
        problems.add("Expected columns FileName_Orig<channel> or URL_Orig<channel>.", line=1)
    return found


def _owner(header: str, channels: dict[str, ChannelColumns]) -> tuple[ChannelColumns | None, str]:
    """Returns whose a column is, and the plate table's name for it."""
    for image, channel in channels.items():
        ending = f"_{image}"
        if image.startswith("Orig") and header.endswith(ending):
            return channel, site_column(header.removesuffix(ending))
    return None, site_column(header)


def _check_sites(sites: dict[str, str], headers: list[str], problems: Problems) -> None:
    missing = [name for name in SITE_KEYS if name not in sites]
    if {ROW, COLUMN} <= {part_of_well(header) for header in sites.values()}:
        missing = [name for name in missing if name != "Metadata_Well"]
    if missing:
        listed = ", ".join(headers)
        problems.add(f"Expected the columns {', '.join(missing)} too; got {listed}.", line=1)


def part_of_well(header: str) -> tuple[str, ...] | None:
    """Returns `ROW` or `COLUMN` for a column that holds that part of the well."""
    bare = header.removeprefix(columns.PREFIX).casefold()
    return next((names for names in (ROW, COLUMN) if bare in names), None)
