import importlib.util
import math
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

from cellscreen.errors import ConfigError
from cellscreen.fitting import planning
from cellscreen.fitting.fit_config import MachineConfig
from cellscreen.fitting.machine import Machine
from cellscreen.fitting.planning import Trial, choose_jit, require_jit, time_steps

spec = importlib.util.spec_from_file_location("small_fit", Path(__file__).with_name("small_fit.py"))
small = importlib.util.module_from_spec(spec)
spec.loader.exec_module(small)
MACHINE = Machine(MachineConfig(strategy="none"))


@pytest.fixture(scope="module")
def fitter():
    made = small.fitter(small.DEFAULTS, MACHINE)
    made.reset(1)
    return made


@pytest.fixture(scope="module")
def examples():
    return small.examples(small.DEFAULTS)


def test_timing_leaves_every_bit_as_it_was(fitter, examples):
    before = fitter.capture()
    trial = time_steps(fitter, examples)
    assert trial.first_s >= trial.step_s > 0
    assert trial.memory_mb > 10
    for ours, theirs in zip(before, fitter.capture(), strict=True):
        assert np.array_equal(ours, theirs)


def test_compiling_is_counted():
    assert Trial(first_s=10, step_s=0.1, memory_mb=1).whole(100) == pytest.approx(20)


def test_a_short_training_is_not_compiled(fitter, examples, caplog):
    caplog.set_level("INFO")
    assert choose_jit(fitter, examples, 10, MACHINE) is False
    assert "XLA is off: all steps take about" in caplog.text
    assert fitter.jit is False


@pytest.mark.parametrize(("compiled_step_s", "jit"), [(0.01, True), (1.0, False)])
def test_a_long_one_takes_what_is_faster(fitter, examples, monkeypatch, compiled_step_s, jit):
    def timed(fitter, examples):
        return Trial(20, compiled_step_s, 1) if fitter.jit else Trial(1, 0.1, 1)

    monkeypatch.setattr(planning, "time_steps", timed)
    assert choose_jit(fitter, examples, 1000, MACHINE) is jit
    assert fitter.jit is jit
    fitter.use_jit(False)


def _refused(*_):
    raise tf.errors.UnimplementedError(None, None, "no such kernel\nand more")


def test_what_xla_cannot_compile_is_not_chosen(fitter, examples, monkeypatch, caplog):
    def timed(fitter, examples):
        return _refused() if fitter.jit else Trial(1, 1, 1)

    monkeypatch.setattr(planning, "time_steps", timed)
    assert choose_jit(fitter, examples, 1000, MACHINE) is False
    assert "XLA cannot compile this net: no such kernel" in caplog.text


def test_what_xla_cannot_compile_is_refused_at_the_start(fitter, examples, monkeypatch):
    monkeypatch.setattr(fitter, "train_step", _refused)
    with pytest.raises(ConfigError, match="cannot compile this net here: no such kernel Give --j"):
        require_jit(fitter, examples)


def test_a_number_of_one_worker_is_agreed_upon():
    assert MACHINE.agreed(math.pi) == math.pi
