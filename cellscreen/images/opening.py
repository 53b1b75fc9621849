"""Opens the file of an image: of this machine, or behind an address that fsspec knows."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import BinaryIO, cast

from cellscreen.errors import ConfigError
from cellscreen.plates.file_roots import is_remote

_FIX = "Install what it needs (pip install fsspec s3fs …), or copy the images (--replace_root)."


def open_image(path: str | Path) -> BinaryIO:
    """Opens a file for reading.

    Args:
        path: of this machine, or an address as `s3://bucket/A01_1.tif`.

    Raises:
        OSError: it cannot be opened, wherever it is.
        ConfigError: the library that reads such addresses is not installed.

    Example:
        >>> open_image("s3://bucket/A01_1.tif").read(4)  # doctest: +SKIP
    """
    if not is_remote(str(path)):
        return open(path, "rb")
    try:
        return cast(BinaryIO, importlib.import_module("fsspec").open(str(path), "rb").open())
    except ImportError as error:
        raise ConfigError(f"Expected to read {path}; {error}.", fix=_FIX) from error
    except OSError:
        raise
    except Exception as error:  # every cloud's library has errors of its own
        raise OSError(None, f"{type(error).__name__}: {error}") from error
