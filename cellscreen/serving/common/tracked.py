"""What an archive needs to find the variables of several nets."""

from __future__ import annotations

import keras


class Tracked(keras.layers.Layer):
    """Holds nets, so that `keras.export.ExportArchive.track` finds their variables."""

    def __init__(self, models: list[keras.Model]) -> None:
        super().__init__()
        self.models = models
        self.built = True
