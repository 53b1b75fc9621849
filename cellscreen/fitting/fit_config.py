"""How a net is fitted: frozen dataclasses, composed into each task's config; no TensorFlow here."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Literal

from cellscreen.errors import ConfigError

Strategy = Literal["auto", "none", "mirrored", "multi_worker"]
Precision = Literal["float32", "mixed_bfloat16", "mixed_float16"]


@dataclass(frozen=True)
class FitConfig:
    """One fit (hypoxia paper, II.A.2)."""

    batch_size: int = 64  # images a step, over all replicas and parts
    accumulation: int = 1  # parts a step is computed in, one after another, where memory is short
    epochs: int = 150  # passes over the training part of a fold, at most
    patience: int = 0  # epochs without a better val_loss before a fit ends early; 0 is never
    keep: Literal["last", "best"] = "last"  # which weights answer; best is by val_loss
    on_nonfinite: Literal["stop", "skip"] = "stop"  # at a loss or gradient that is NaN or infinite
    seed: int = 0  # of folds, initial weights, order, augmentation and dropout

    def __post_init__(self) -> None:
        _check(
            self,
            ("batch_size", 1, math.inf),
            ("accumulation", 1, 4096),
            ("epochs", 0, math.inf),
            ("patience", 0, math.inf),
            ("seed", 0, 2**31 - 1),
        )

    @property
    def needs_validation(self) -> bool:
        """Whether something follows the figures of a validation part."""
        return self.patience > 0 or self.keep == "best"


@dataclass(frozen=True)
class OptimizerConfig:
    """How weights follow gradients, and how fast."""

    optimizer: Literal["adam", "adamw"] = "adam"  # adamw decays weights by weight_decay
    learning_rate: float = 1e-4  # at the start, or after the warm-up
    schedule: Literal["constant", "exponential", "step", "cosine", "plateau"] = (
        "exponential"  # how the learning rate falls
    )
    decay: float = 0.98  # its factor: an epoch (exponential), a drop (step, plateau)
    drop_epochs: int = 5  # epochs between drops (step), or without gain before one (plateau)
    warmup_epochs: float = 0.0  # epochs over which it rises from 0 first; not with plateau
    weight_decay: float = 1e-4  # of adamw; biases and normalisation are left out
    clip_norm: float = 0.0  # largest global norm of gradients, over all replicas; 0 is none
    ema: float = 0.0  # momentum of averaged weights, which then answer; 0 is none

    def __post_init__(self) -> None:
        _check(
            self,
            ("drop_epochs", 1, math.inf),
            ("warmup_epochs", 0, 1e6),
            ("weight_decay", 0, 1),
            ("clip_norm", 0, math.inf),
            ("ema", 0, 0.99999),
        )
        for name, high in (("learning_rate", 10), ("decay", 1)):
            if not 0 < getattr(self, name) <= high:
                value = getattr(self, name)
                raise ConfigError(f"Expected {name} above 0, up to {high}; got {value}.")
        if self.schedule in ("plateau", "step") and self.decay == 1:
            raise ConfigError(f"Expected decay below 1 with the schedule {self.schedule}; got 1.0.")
        if self.schedule == "plateau" and self.warmup_epochs:
            raise ConfigError("Expected no warmup_epochs with the schedule plateau.")


@dataclass(frozen=True)
class LossConfig:
    """What is minimised."""

    loss: Literal["cross_entropy", "focal"] = "cross_entropy"  # focal weighs hard images more
    label_smoothing: float = 0.0  # share of the label spread over all classes
    focal_gamma: float = 2.0  # of focal: how much less easy images count
    logit_adjustment: float = 0.0  # share of the classes' log frequency in the logits; 1: balanced

    def __post_init__(self) -> None:
        if not 0 <= self.label_smoothing < 1:
            raise ConfigError(
                f"Expected label_smoothing from 0 to below 1; got {self.label_smoothing}."
            )
        _check(self, ("focal_gamma", 0, 10), ("logit_adjustment", 0, 4))


@dataclass(frozen=True)
class MachineConfig:
    """How a fit uses the machine; `auto` is decided once a run and kept in its config."""

    strategy: Strategy = (
        "auto"  # auto is mirrored with several GPUs, else none; multi_worker needs TF_CONFIG
    )
    jit: Literal["auto", "on", "off"] = "auto"  # XLA; auto times a few steps with and without
    precision: Precision = "float32"  # of computing; weights stay float32


@dataclass(frozen=True)
class Watch:
    """How a fit is watched and saved; no part of a config, since it decides no result."""

    checkpoint_seconds: float = 30.0  # at most this much work is lost; 0 saves every step
    histogram_epochs: int = 0  # epochs between weight histograms in TensorBoard; 0 is none
    scalar_steps: int = 0  # steps between scalars in TensorBoard; 0 is once an epoch
    progress: bool = True  # whether to print a line or bar an epoch
    profile: str = ""  # steps to profile for TensorBoard, "from,to"; empty is none

    def __post_init__(self) -> None:
        _check(
            self,
            ("checkpoint_seconds", 0, math.inf),
            ("histogram_epochs", 0, math.inf),
            ("scalar_steps", 0, math.inf),
        )
        parts = self.profile.split(",") if self.profile else ["1", "1"]
        if len(parts) != 2 or not all(part.strip().isdigit() for part in parts):
            raise ConfigError(f"Expected profile as two step numbers; got {self.profile!r}.")


def check_fit(fit: FitConfig, optimizer: OptimizerConfig, validation_share: float) -> None:
    """Checks what parts of a trainer's config ask of each other.

    Raises:
        ConfigError: something follows a validation part and there is none, or the warm-up is as
            long as the fit.
    """
    if (fit.needs_validation or optimizer.schedule == "plateau") and not validation_share:
        raise ConfigError(
            "Expected a validation_share above 0 with patience, keep=best or "
            "schedule=plateau: the held-out part must decide nothing."
        )
    if fit.epochs and optimizer.warmup_epochs >= fit.epochs:
        raise ConfigError(
            f"Expected warmup_epochs below the {fit.epochs} epochs; got {optimizer.warmup_epochs}."
        )


def _check(config: Any, *bounds: tuple[str, float, float]) -> None:
    for name, low, high in bounds:
        value = getattr(config, name)
        if not low <= value <= high:
            raise ConfigError(f"Expected {name} within {low} and {high}; got {value}.")


UNWATCHED = Watch()
