"""A folder belongs to one config: what was begun with other flags is not gone on with."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from cellscreen.atomic import write_text
from cellscreen.errors import ConfigError
from cellscreen.fitting.flags import config_from_json, config_to_json, differing_fields


def claim_config(path: Path, config: Any, what: str, free: Sequence[str] = ()) -> None:
    """Writes a config as JSON, or checks that what stands there says the same.

    Args:
        path: the file, in the folder that is claimed.
        config: a frozen dataclass, nested or not.
        what: what the folder holds, for the message: `a study`.
        free: fields of its own that may change when the work goes on.

    Raises:
        ConfigError: the file holds another config; the message names the flags.

    Example:
        >>> claim_config(Path("study/study.json"), StudyConfig(), "a study")  # doctest: +SKIP
    """
    if path.is_file():
        theirs = config_from_json(type(config), path.read_text(encoding="utf-8"), path)
        same = dataclasses.replace(theirs, **{name: getattr(config, name) for name in free})
        if odd := differing_fields(config, same):
            raise ConfigError(
                f"This folder holds {what} of other flags: {'; '.join(odd)}.",
                file=path.parent,
                fix="Give its flags to go on, or another --output.",
            )
    write_text(path, config_to_json(config))
