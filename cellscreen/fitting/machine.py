"""What the machine offers, one flag each: replicas and workers, XLA, precision."""

from __future__ import annotations

import contextlib
import logging
import os
import platform
from collections.abc import Callable, Iterator

import keras
import tensorflow as tf

from cellscreen.errors import ConfigError
from cellscreen.fitting.fit_config import MachineConfig, Precision, Strategy
from cellscreen.pipelines.order import Share

LOGGER = logging.getLogger(__name__)


class Machine:
    """The strategy of a run, opened; what to ask of it.

    Args:
        config: its `strategy` may be `auto`.

    Attributes:
        strategy: of `tf.distribute`; the default one for `none`.
        name: `none`, `mirrored` or `multi_worker`.
        precision: the Keras dtype policy.

    Raises:
        ConfigError: `multi_worker` without a TF_CONFIG.
    """

    def __init__(self, config: MachineConfig) -> None:
        self.name: Strategy = _resolved(config.strategy)
        self.precision: Precision = config.precision
        self.strategy = _opened(self.name)
        self.distributed = self.name != "none"
        self._mean: Callable[[tf.Tensor], tf.Tensor] | None = None
        if config.precision == "mixed_float16" and not tf.config.list_physical_devices("GPU"):
            LOGGER.warning("mixed_float16 is emulated on CPUs and slow; it is meant for GPUs.")

    @property
    def replicas(self) -> int:
        """Replicas over all workers."""
        return self.strategy.num_replicas_in_sync

    @property
    def worker(self) -> int:
        """Number of this worker; 0 is the chief, which alone writes."""
        if self.name != "multi_worker":
            return 0
        resolver = self.strategy.cluster_resolver
        has_chief = "chief" in resolver.cluster_spec().jobs
        return resolver.task_id + (has_chief and resolver.task_type == "worker")

    @property
    def is_chief(self) -> bool:
        """Whether this process writes the run folder."""
        return self.worker == 0

    def batch_of_replica(self, batch_size: int, accumulation: int) -> int:
        """Examples a replica gets a step.

        Raises:
            ConfigError: the batch does not divide among replicas and parts.
        """
        parts = self.replicas * accumulation
        if batch_size % parts:
            raise ConfigError(
                f"Expected a batch_size that {self.replicas} replicas with {accumulation} parts "
                f"each can share; got {batch_size}.",
                fix=f"Give a multiple of {parts} as --batch_size.",
            )
        return batch_size // self.replicas

    @contextlib.contextmanager
    def scope(self) -> Iterator[None]:
        """Variables made inside belong to the strategy and compute in its precision."""
        before = keras.config.dtype_policy()
        keras.config.set_dtype_policy(self.precision)
        try:
            with self.strategy.scope():
                yield
        finally:
            keras.config.set_dtype_policy(before)

    def distribute(self, make: Callable[[Share], tf.data.Dataset], batch: int) -> tf.data.Dataset:
        """Batches of `make(share)`, to every replica its own.

        Args:
            make: from a `Share` to batches of one replica's size.
            batch: examples a replica gets at once.
        """
        if not self.distributed:
            batches = make(Share(batch))
            if not tf.config.list_logical_devices("GPU"):
                return batches
            return batches.apply(tf.data.experimental.prefetch_to_device("/GPU:0"))

        def pipeline(context: tf.distribute.InputContext) -> tf.data.Dataset:
            n = context.num_input_pipelines
            share = Share(batch, self.replicas // n, n, context.input_pipeline_id)
            return make(share)

        return self.strategy.distribute_datasets_from_function(pipeline)

    def be_deterministic(self, jit: bool) -> None:
        """Makes the same config give the same weights on GPUs too; call it before training.

        On CPUs, and in what XLA makes for them, the nets' operations are deterministic as they are.
        TensorFlow's switch is not used there: with it XLA refuses the gradient of max-pooling. XLA
        on GPUs has a switch of its own, in the environment (docs/gpu.md).
        """
        if not tf.config.list_physical_devices("GPU"):
            return
        if not jit:
            tf.config.experimental.enable_op_determinism()
        elif "xla_gpu_deterministic_ops" not in os.environ.get("XLA_FLAGS", ""):
            LOGGER.warning(
                "XLA on GPUs repeats a run bit for bit only with "
                "XLA_FLAGS=--xla_gpu_deterministic_ops=true in the environment."
            )

    def agreed(self, value: float) -> float:
        """The mean of a number over workers, so that all of them decide alike."""
        if self.name != "multi_worker":
            return value
        if self._mean is None:

            @tf.function
            def mean(given: tf.Tensor) -> tf.Tensor:
                values = self.strategy.run(lambda: tf.identity(given))
                return self.strategy.reduce(tf.distribute.ReduceOp.MEAN, values, axis=None)

            self._mean = mean
        return float(self._mean(tf.constant(value, tf.float32)))

    def check_alike(self, digest: int, what: str) -> None:
        """Compares a number below 2^24 over all workers.

        Raises:
            ConfigError: workers differ; on every worker.
        """
        if self.agreed(float(digest)) != digest:
            raise ConfigError(
                f"Expected the same {what} on every worker; they differ.",
                fix="Give all workers the same flags, and a --workdir and --data_dir that all see.",
            )

    def describe(self) -> dict[str, str]:
        """What ran: strategy, replicas, devices."""
        devices = [device.device_type for device in tf.config.list_logical_devices()]
        names = [
            tf.config.experimental.get_device_details(gpu).get("device_name", "GPU")
            for gpu in tf.config.list_physical_devices("GPU")
        ]
        return {
            "machine": f"{platform.machine()}, {os.cpu_count()} cores",
            "devices": ", ".join(names or sorted(set(devices))),
            "strategy": self.name,
            "replicas": str(self.replicas),
            "precision": self.precision,
        }


def _resolved(strategy: Strategy) -> Strategy:
    if strategy != "auto":
        return strategy
    return "mirrored" if len(tf.config.list_physical_devices("GPU")) > 1 else "none"


def _opened(name: str) -> tf.distribute.Strategy:
    if name == "none":
        return tf.distribute.get_strategy()
    if name == "mirrored":
        kind = "GPU" if tf.config.list_logical_devices("GPU") else "CPU"
        return tf.distribute.MirroredStrategy(
            [d.name for d in tf.config.list_logical_devices(kind)]
        )
    if "TF_CONFIG" not in os.environ:
        raise ConfigError(
            "Expected TF_CONFIG in the environment, which names all workers and this one.",
            fix="Start the same command on every worker with its own TF_CONFIG (docs/training.md).",
        )
    return tf.distribute.MultiWorkerMirroredStrategy()
