"""What a fit says of itself while it runs: time left, and steps that wait for data."""

from __future__ import annotations

import logging
import time

LOGGER = logging.getLogger(__name__)
WAITING, LONG_ENOUGH_S = 0.3, 2.0
EVERY_S = 20.0


class Teller:
    """Logs now and then.

    Args:
        epochs: of the fit.

    Attributes:
        first_epoch: the epoch that this call of the fit began with.
    """

    def __init__(self, epochs: int) -> None:
        self._epochs, self.first_epoch = epochs, 0
        self._began_at = self._told_at = time.monotonic()
        self._told_waiting = False

    def time_left(self, done: int) -> None:
        """Says how long the rest of the fit may take.

        Args:
            done: epochs that are done.
        """
        now, here = time.monotonic(), done - self.first_epoch
        if now - self._told_at < EVERY_S or not here:
            return
        self._told_at = now
        left_s = (now - self._began_at) / here * (self._epochs - done)
        LOGGER.info(
            "Epoch %d of %d; about %.1f min left in this fit.", done, self._epochs, left_s / 60
        )

    def waiting(self, epoch: int, waited_s: float, whole_s: float) -> None:
        """Says once that steps wait for data, if they do.

        Args:
            epoch: the epoch; the first one does not count: it also reads, caches and compiles.
            waited_s: how long its steps waited.
            whole_s: how long it took.
        """
        much = whole_s > LONG_ENOUGH_S and waited_s > WAITING * whole_s
        if self._told_waiting or epoch == self.first_epoch or not much:
            return
        self._told_waiting = True
        LOGGER.warning(
            "Input-bound: %.0f %% of the time the net waits for data (reading and augmentation); "
            "a faster disk, more cores or a larger --reduce_factor help.",
            100 * waited_s / whole_s,
        )
