"""Yokogawa's layout (CV7000, CV8000): images, `MeasurementData.mlf`, `.mrf` and `.mes`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from cellscreen.atomic import replacing
from cellscreen.simulate.hcs_config import HcsConfig
from cellscreen.simulate.hcs_plate import HcsField, HcsWell
from cellscreen.simulate.vendor_sites import site_position_um

_SPACE = 'xmlns:bts="http://www.yokogawa.co.jp/BTS/BTSSchema/1.0" bts:Version="1.0"'
_XML = '<?xml version="1.0" encoding="utf-8"?>'
_SETTINGS = "simulated.mes"


def yokogawa_path(config: HcsConfig, field: HcsField, channel: int) -> str:
    """Returns the path of an image below the simulation's folder."""
    return f"{field.well.plate}/{_file(field.well, field.site, channel)}"


def write_yokogawa_files(config: HcsConfig, folder: Path, wells: Sequence[HcsWell]) -> None:
    """Writes the three XML files of one plate into its folder."""
    for name, lines in (
        (_SETTINGS, _mes(config)),
        ("MeasurementDetail.mrf", _mrf(config, wells[0].plate)),
        ("MeasurementData.mlf", _mlf(config, wells)),
    ):
        with replacing(folder / name) as temporary, open(temporary, "w", encoding="utf-8") as file:
            file.writelines(line + "\n" for line in lines)


def _mlf(config: HcsConfig, wells: Sequence[HcsWell]) -> Iterator[str]:
    yield _XML
    yield f"<bts:MeasurementData {_SPACE}>"
    for well in wells:
        for site in range(1, config.sites + 1):
            x, y = site_position_um(config, site)
            for channel in range(len(config.assay.channels)):
                yield (
                    '  <bts:MeasurementRecord bts:Time="2026-01-01T00:00:00.000+00:00" '
                    f'bts:Column="{well.column + 1}" bts:Row="{well.row + 1}" '
                    f'bts:FieldIndex="{site}" bts:TimePoint="1" bts:TimelineIndex="1" '
                    f'bts:ActionIndex="1" bts:ZIndex="1" bts:Ch="{channel + 1}" '
                    f'bts:X="{x:g}" bts:Y="{y:g}" bts:Z="0" bts:Type="IMG">'
                    f"{_file(well, site, channel)}</bts:MeasurementRecord>"
                )
    yield "</bts:MeasurementData>"


def _mrf(config: HcsConfig, plate: str) -> Iterator[str]:
    rows, columns = config.shape
    yield _XML
    yield (
        f'<bts:MeasurementDetail {_SPACE} bts:OperatorName="simulated" bts:Title="{plate}" '
        f'bts:RowCount="{rows}" bts:ColumnCount="{columns}" '
        f'bts:MeasurementSettingFileName="{_SETTINGS}">'
    )
    yield f'  <bts:MeasurementSamplePlate bts:Name="{plate}" />'
    for number in range(1, len(config.assay.channels) + 1):
        yield (
            f'  <bts:MeasurementChannel bts:Ch="{number}" '
            f'bts:HorizontalPixelDimension="{config.assay.um_per_px:g}" '
            f'bts:VerticalPixelDimension="{config.assay.um_per_px:g}" '
            f'bts:HorizontalPixels="{config.size_px}" bts:VerticalPixels="{config.size_px}" '
            f'bts:InputBitDepth="{config.bit_depth}" />'
        )
    yield "</bts:MeasurementDetail>"


def _mes(config: HcsConfig) -> Iterator[str]:
    yield _XML
    yield f"<bts:MeasurementSetting {_SPACE}>"
    yield "  <bts:ChannelList>"
    for number, channel in enumerate(config.assay.channels, start=1):
        yield (
            f'    <bts:Channel bts:Ch="{number}" bts:Target="{channel.name}" '
            f'bts:ExposureTime="{1000 * channel.exposure_s:g}" bts:Fluorophore="" />'
        )
    yield "  </bts:ChannelList>"
    yield "</bts:MeasurementSetting>"


def _file(well: HcsWell, site: int, channel: int) -> str:
    return f"{well.plate}_{well.well}_T0001F{site:03d}L01A01Z01C{channel + 1:02d}.tif"
