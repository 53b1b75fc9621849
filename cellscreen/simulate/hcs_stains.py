"""How much light each stain gives in each pixel, before any optics."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import cv2
import numpy as np

from cellscreen.simulate.hcs_cells import HcsScene
from cellscreen.simulate.hcs_config import HcsConfig
from cellscreen.simulate.hcs_maps import HcsMaps

_FINE_UM, _COARSE_UM = 0.55, 1.3  # SDs of the two textures' blur
_THREAD = 0.45  # half width of a mitochondrion, in SDs of the texture it follows
_CYTOPLASMIC_DNA = 0.02  # light of the DNA stain outside of the nucleus
_SILENT = 0.12  # reporter of a cell that hardly expresses it


@dataclasses.dataclass(frozen=True)
class Textures:
    """Two fields of smooth noise, `(h, w)` float32 with mean 0 and SD 1."""

    fine: np.ndarray
    coarse: np.ndarray


def draw_textures(rng: np.random.Generator, size_px: int, um_per_px: float) -> Textures:
    """Draws the noise from which all textures of a field are made."""
    noise = rng.standard_normal((size_px, size_px), dtype=np.float32)
    return Textures(
        _unit(cv2.GaussianBlur(noise, (0, 0), _FINE_UM / um_per_px)),
        _unit(cv2.GaussianBlur(noise, (0, 0), _COARSE_UM / um_per_px)),
    )


def stain(name: str, scene: HcsScene, maps: HcsMaps, textures: Textures) -> np.ndarray:
    """Returns the light of one stain, `(h, w)` float32; about 1 where a median cell has it.

    Args:
        name: a channel of an assay: DNA, Mito, MMP, AGP, RNA, ER, ROS or GFP.
        scene: the cells.
        maps: their pixels.
        textures: the field's noise.
    """
    return _STAINS[name](scene, maps, textures).astype(np.float32, copy=False)


def _dna(scene: HcsScene, maps: HcsMaps, textures: Textures) -> np.ndarray:
    condensed = np.where(scene.mitotic, np.log(1.9), 0.0)
    level = _per_cell(scene, scene.level("dna") + condensed, maps.nuclei)
    dome = 0.72 + 0.28 * (1 - np.exp(-maps.depth_um / 1.6))
    faint = _CYTOPLASMIC_DNA * _per_cell(scene, np.zeros(len(scene.centres)), maps.cells)
    return level * dome * _grain(textures.fine, 0.13) + faint * _height(maps)


def _mito(scene: HcsScene, maps: HcsMaps, textures: Textures) -> np.ndarray:
    """Threads along the zeros of a smooth noise; grains where they fell apart."""
    threads = np.exp(-((textures.fine / _THREAD) ** 2)) * 3.3
    grains = np.exp(1.3 * _moved(textures.fine, 1) - 0.85)
    share = _gather(np.clip(0.2 + scene.level("fragments"), 0, 1), maps.cells)
    texture = 0.25 + 0.75 * (threads + share * (grains - threads))
    level = _per_cell(scene, scene.level("mito"), maps.cells)
    return level * texture * _around(scene, maps, 9.0) * _height(maps) * _without_nucleus(maps, 0.2)


def _agp(scene: HcsScene, maps: HcsMaps, textures: Textures) -> np.ndarray:
    """Actin at the rim and in fibres, Golgi beside the nucleus."""
    level = _per_cell(scene, scene.level("agp"), maps.cells)
    rim = 0.9 * np.exp(-maps.rim_um / 1.2)
    fibres = 0.35 * np.exp(-((_moved(textures.coarse, 2) / 0.35) ** 2))
    golgi = 1.3 * np.exp(-maps.away_um / 3.0) * (_moved(textures.coarse, 3) > 0.6)
    body = (0.45 + rim + fibres) * _height(maps)
    return level * (body + golgi * (maps.nuclei == 0)) * _grain(textures.fine, 0.12)


def _rna(scene: HcsScene, maps: HcsMaps, textures: Textures) -> np.ndarray:
    """Nucleoli in the nucleus, ribosomes around it."""
    level = _per_cell(scene, scene.level("rna"), maps.cells)
    nucleoli = 1.5 * (_moved(textures.coarse, 4) > 0.9) * (maps.depth_um > 1.2)
    body = 0.85 * _height(maps) * _around(scene, maps, 10.0) * _without_nucleus(maps, 0.55)
    return level * (body + nucleoli) * _grain(textures.fine, 0.12)


def _er(scene: HcsScene, maps: HcsMaps, textures: Textures) -> np.ndarray:
    level = _per_cell(scene, scene.level("er"), maps.cells)
    body = _height(maps) * _around(scene, maps, 8.0) * _without_nucleus(maps, 0.35)
    return level * body * _grain(_moved(textures.fine, 5), 0.22)


def _ros(scene: HcsScene, maps: HcsMaps, textures: Textures) -> np.ndarray:
    level = _per_cell(scene, scene.level("ros"), maps.cells)
    spots = 0.5 * np.maximum(_moved(textures.coarse, 6) - 0.8, 0)
    return level * (0.9 + spots) * _height(maps) * _without_nucleus(maps, 0.8)


def _gfp(scene: HcsScene, maps: HcsMaps, textures: Textures) -> np.ndarray:
    """A reporter whose amount stays while it moves between cytoplasm and nucleus."""
    ratio = scene.reporter_ratio
    silent = np.where(scene.silent, np.log(_SILENT), 0.0)
    amount = scene.level("agp") + silent - np.log(0.8 + 0.2 * ratio)
    level = _per_cell(scene, amount, maps.cells)
    nuclear = np.where(maps.nuclei > 0, _gather(ratio, maps.cells), 1)
    return level * nuclear * _height(maps) * _grain(textures.coarse, 0.10)


_STAINS: dict[str, Callable[[HcsScene, HcsMaps, Textures], np.ndarray]] = {
    "DNA": _dna,
    "Mito": _mito,
    "MMP": _mito,
    "AGP": _agp,
    "RNA": _rna,
    "ER": _er,
    "ROS": _ros,
    "GFP": _gfp,
}


def remains(config: HcsConfig, scene: HcsScene, name: str) -> np.ndarray:
    """Returns the light of dead cells and debris, `(h, w)` float32, on the scale of `stain`.

    The remain of a cell is small, round and bright in the DNA stain, and has no potential left.
    """
    canvas = np.zeros((config.size_px, config.size_px), np.float32)
    bright = {"DNA": 1.9, "Mito": 0.15, "MMP": 0.1, "ROS": 1.2}.get(name, 0.9)
    radius = 3.2 if name == "DNA" else 5.0
    for x, y in scene.centres[scene.dead]:
        _disc(canvas, x, y, radius / config.assay.um_per_px, bright)
    for number, (x, y, size) in enumerate(scene.debris):
        _disc(canvas, x, y, size, 0.25 + 0.12 * ((7 * number + len(name)) % 6))
    return canvas


def _per_cell(scene: HcsScene, level: np.ndarray, labels: np.ndarray) -> np.ndarray:
    return _gather(np.exp(level + scene.shared), labels)


def _gather(values: np.ndarray, labels: np.ndarray) -> np.ndarray:
    return np.append(0, values).astype(np.float32)[labels]


def _height(maps: HcsMaps) -> np.ndarray:
    """A cell is thin at its rim; light from a wide-field microscope goes with thickness."""
    return np.where(maps.cells > 0, 0.35 + 0.65 * (1 - np.exp(-maps.rim_um / 3.0)), 0)


def _around(scene: HcsScene, maps: HcsMaps, reach_um: float) -> np.ndarray:
    """Falls with the distance from the nucleus, over a reach that differs between cells."""
    reach = _gather(np.exp(-scene.level("spread")) / reach_um, maps.cells)
    return 0.15 + 1.35 * np.exp(-maps.away_um * reach)


def _without_nucleus(maps: HcsMaps, share: float) -> np.ndarray:
    return np.where(maps.nuclei > 0, np.float32(share), np.float32(1))


def _grain(texture: np.ndarray, amount: float) -> np.ndarray:
    return 1 + np.float32(amount) * texture


def _moved(texture: np.ndarray, number: int) -> np.ndarray:
    """Returns a texture from elsewhere, so that two stains do not share one."""
    height, width = texture.shape
    return np.roll(texture, (number * height // 7, number * width // 5), (0, 1))


def _unit(texture: np.ndarray) -> np.ndarray:
    return (texture - texture.mean()) / max(float(texture.std()), 1e-6)


def _disc(canvas: np.ndarray, x: float, y: float, radius: float, value: float) -> None:
    centre = (round(x * 16), round(y * 16))
    cv2.circle(canvas, centre, max(1, round(radius * 16)), value, -1, cv2.LINE_8, 4)
