"""Image files in all the ways that people save them, and real fields."""

from __future__ import annotations

import io
import os
import zipfile
from pathlib import Path

import imagecodecs
import numpy as np
import pytest
from PIL import Image

from cellscreen.images.reading import decode_image

ROOT = Path(__file__).resolve().parents[2]
REAL_FIELDS = "phase_t98g.zip"


def _pillow(image: np.ndarray | Image.Image, kind: str = "PNG", **options: object) -> bytes:
    buffer = io.BytesIO()
    (image if isinstance(image, Image.Image) else Image.fromarray(image)).save(
        buffer, kind, **options
    )
    return buffer.getvalue()


def _palette(indices: np.ndarray, colours: np.ndarray) -> Image.Image:
    image = Image.fromarray(indices)
    image.putpalette(colours.tobytes())
    return image


@pytest.fixture(scope="session")
def pngs() -> dict[str, tuple[bytes, np.ndarray]]:
    """PNG files by name, each with the pixels that it must give."""
    generator = np.random.default_rng(0)
    gray, other = generator.integers(0, 256, (2, 37, 29)).astype(np.uint8)
    rgb = np.stack([gray, other, gray[::-1]], -1)
    deep = generator.integers(0, 65536, (37, 29, 3)).astype(np.uint16)
    few = gray >> 4
    falling = np.arange(255, -1, -17, np.uint8)
    colours = np.stack([falling, falling[::-1], falling // 2], -1)
    grays = _palette(few, np.stack([falling] * 3, -1))
    return {
        "gray": (_pillow(gray), gray),
        "rgb": (_pillow(rgb), rgb),
        "gray with transparency": (_pillow(np.dstack([gray, other])), gray),
        "rgb with transparency": (_pillow(np.dstack([rgb, other])), rgb),
        "gray of 16 bits": (imagecodecs.png_encode(deep[..., 0].copy()), deep[..., 0]),
        "rgb of 16 bits": (imagecodecs.png_encode(deep), deep),
        "palette": (_pillow(_palette(few, colours)), colours[few]),
        "palette of grays": (_pillow(grays), falling[few]),
        "palette of 8 bits": (_pillow(grays, bits=8), falling[few]),
        "palette with transparency": (_pillow(grays, transparency=3), falling[few]),
        "gray of 1 bit": (_pillow(Image.fromarray(gray > 100)), np.uint8(255) * (gray > 100)),
    }


@pytest.fixture(scope="session")
def jpegs() -> dict[str, bytes]:
    """JPEG files by name."""
    gray, other = np.random.default_rng(0).integers(0, 256, (2, 61, 83)).astype(np.uint8)
    rgb = np.stack([gray, other, gray[::-1]], -1)
    return {
        "gray": _pillow(gray, "JPEG", quality=95),
        "rgb": _pillow(rgb, "JPEG", quality=95),
        "full colour": _pillow(rgb, "JPEG", quality=100, subsampling=0),
        "rough": _pillow(rgb, "JPEG", quality=20),
        "progressive": _pillow(rgb, "JPEG", progressive=True),
    }


@pytest.fixture(scope="session")
def real_fields() -> dict[str, np.ndarray]:
    """The ten phase-contrast fields of T98G cells, uint16 (1022, 1024)."""
    path = Path(os.environ.get("CELLSCREEN_DATA", ROOT.parent / "shared/data")) / REAL_FIELDS
    if not path.is_file():
        pytest.skip(f"{path} is not there; set CELLSCREEN_DATA to the folder of {REAL_FIELDS}")
    with zipfile.ZipFile(path) as archive:
        names = [name for name in archive.namelist() if name.endswith("raw.tif")]
        return {name: decode_image(archive.read(name), file=name) for name in names}
