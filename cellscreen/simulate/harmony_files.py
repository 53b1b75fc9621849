"""Harmony's layout (Operetta CLS, Opera Phenix): `<plate>__<time>-Measurement1/Images/` and index.

V1 and V5 say everything of every image; V7 says what a channel's images share once, in `Maps`,
has a byte order mark and lies above the images.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from xml.sax.saxutils import escape

from cellscreen.atomic import replacing
from cellscreen.simulate.hcs_assays import Channel
from cellscreen.simulate.hcs_config import HcsConfig
from cellscreen.simulate.hcs_plate import HcsField, HcsWell
from cellscreen.simulate.hcs_render import vignette_terms
from cellscreen.simulate.vendor_sites import site_position_um

MEASUREMENT = "2026-01-01T00_00_00-Measurement1"
STARTED = "2026-01-01T00:00:00.0000000+00:00"
_NAMESPACES = {
    1: "http://www.perkinelmer.com/PEHH/HarmonyV1",
    5: "http://www.perkinelmer.com/PEHH/HarmonyV5",
    7: "43B2A954-E3C3-47E1-B392-6635266B0DD3/HarmonyV7",
}


def harmony_folder(plate: str) -> str:
    """Returns the folder of a plate's measurement."""
    return f"{plate}__{MEASUREMENT}"


def harmony_path(config: HcsConfig, field: HcsField, channel: int) -> str:
    """Returns the path of an image below the simulation's folder."""
    folder = harmony_folder(field.well.plate)
    return f"{folder}/Images/{_file(field.well, field.site, channel)}"


def write_harmony_index(
    config: HcsConfig, folder: Path, wells: Sequence[HcsWell], version: int = 5
) -> Path:
    """Writes the index of one plate, line by line, whether its images are there or not.

    Args:
        config: the simulation.
        folder: the measurement's folder.
        wells: the wells of one plate.
        version: 1, 5 or 7.

    Returns:
        The index: `Images/Index.idx.xml`, for V7 `Index.xml` above the images.
    """
    path = folder / ("Index.xml" if version == 7 else "Images/Index.idx.xml")
    encoding = "utf-8" if version == 1 else "utf-8-sig"
    with replacing(path) as temporary, open(temporary, "w", encoding=encoding) as file:
        file.writelines(line + "\n" for line in _index(config, wells, version))
    return path


def _index(config: HcsConfig, wells: Sequence[HcsWell], version: int) -> Iterator[str]:
    yield '<?xml version="1.0" encoding="utf-8"?>'
    yield (
        '<EvaluationInputData xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" '
        f'Version="{2 if version == 7 else 1}" xmlns="{_NAMESPACES[version]}">'
    )
    yield "  <User>simulated</User>"
    yield "  <InstrumentType>Phenix</InstrumentType>"
    yield from _plate(config, wells)
    yield "  <Maps>"
    yield "    <Map>"
    for number, channel in enumerate(config.assay.channels, start=1):
        yield f'      <Entry ChannelID="{number}">'
        profile = escape(_profile(config, number - 1))
        yield f"        <FlatfieldProfile>{profile}</FlatfieldProfile>"
        if version == 7:
            yield from ("        " + line for line in _of_channel(config, channel, 65536))
        yield "      </Entry>"
    yield "    </Map>"
    yield "  </Maps>"
    yield "  <Images>"
    for well in wells:
        for site in range(1, config.sites + 1):
            yield from _images_of_site(config, well, site, version)
    yield "  </Images>"
    yield "</EvaluationInputData>"


def _plate(config: HcsConfig, wells: Sequence[HcsWell]) -> Iterator[str]:
    rows, columns = config.shape
    yield "  <Plates>"
    yield "    <Plate>"
    yield f"      <PlateID>{wells[0].plate}</PlateID>"
    yield f"      <MeasurementStartTime>{STARTED}</MeasurementStartTime>"
    yield f"      <Name>{wells[0].plate}</Name>"
    yield f"      <PlateTypeName>{config.plate_wells} simulated</PlateTypeName>"
    yield f"      <PlateRows>{rows}</PlateRows>"
    yield f"      <PlateColumns>{columns}</PlateColumns>"
    for well in wells:
        yield f'      <Well id="{well.row + 1:02d}{well.column + 1:02d}" />'
    yield "    </Plate>"
    yield "  </Plates>"


def _images_of_site(config: HcsConfig, well: HcsWell, site: int, version: int) -> Iterator[str]:
    x, y = (value * 1e-6 for value in site_position_um(config, site))
    for number, channel in enumerate(config.assay.channels, start=1):
        row, column = well.row + 1, well.column + 1
        yield '    <Image Version="1">'
        yield f"      <id>{row:02d}{column:02d}K1F{site}P1R{number}</id>"
        yield "      <State>Ok</State>"
        yield f"      <URL>{_file(well, site, number - 1)}</URL>"
        yield f"      <Row>{row}</Row>"
        yield f"      <Col>{column}</Col>"
        yield f"      <FieldID>{site}</FieldID>"
        yield "      <PlaneID>1</PlaneID>"
        yield f"      <TimepointID>{1 if version == 7 else 0}</TimepointID>"
        yield f"      <ChannelID>{number}</ChannelID>"
        if version != 7:
            yield from ("      " + line for line in _of_channel(config, channel, 65535))
        yield f'      <PositionX Unit="m">{x:.9g}</PositionX>'
        yield f'      <PositionY Unit="m">{y:.9g}</PositionY>'
        yield '      <PositionZ Unit="m">0</PositionZ>'
        yield '      <MeasurementTimeOffset Unit="s">0</MeasurementTimeOffset>'
        yield "    </Image>"


def _of_channel(config: HcsConfig, channel: Channel, ceiling: int) -> Iterator[str]:
    """Yields what all images of a channel share."""
    metres = f"{config.assay.um_per_px * 1e-6:.9g}"
    yield f"<ChannelName>{escape(channel.name)}</ChannelName>"
    yield "<ChannelType>Fluorescence</ChannelType>"
    yield f'<ImageResolutionX Unit="m">{metres}</ImageResolutionX>'
    yield f'<ImageResolutionY Unit="m">{metres}</ImageResolutionY>'
    yield f"<ImageSizeX>{config.size_px}</ImageSizeX>"
    yield f"<ImageSizeY>{config.size_px}</ImageSizeY>"
    yield f"<MaxIntensity>{ceiling if config.bit_depth == 16 else config.sensor_max}</MaxIntensity>"
    yield f'<MainExcitationWavelength Unit="nm">{channel.excitation_nm}</MainExcitationWavelength>'
    yield f'<MainEmissionWavelength Unit="nm">{channel.emission_nm}</MainEmissionWavelength>'
    yield f'<ExposureTime Unit="s">{channel.exposure_s:g}</ExposureTime>'


def _profile(config: HcsConfig, channel: int) -> str:
    """Returns the true vignette in Harmony's notation: terms of x and y from the centre, scaled."""
    terms = ", ".join(
        f"[{', '.join(f'{term:.6g}' for term in degree)}]"
        for degree in vignette_terms(config, channel)
    )
    middle, scale = (config.size_px - 1) / 2, 1 / config.size_px
    profile = (
        f"{{Coefficients: [{terms}], Dims: [{config.size_px}, {config.size_px}], "
        f"Origin: [{middle:g}, {middle:g}], Scale: [{scale:.9g}, {scale:.9g}], Type: Polynomial}}"
    )
    light = config.assay.channels[channel]
    return (
        f"{{Background: {{Character: NonFlat, Mean: {light.background:g}, Profile: {profile}, "
        f"Quality: 1.0}}, Channel: {channel + 1}, ChannelName: {light.name}, "
        "Version: simulated}"
    )


def _file(well: HcsWell, site: int, channel: int) -> str:
    place = f"r{well.row + 1:02d}c{well.column + 1:02d}f{site:02d}p01"
    return f"{place}-ch{channel + 1}sk1fk1fl1.tiff"
