"""The cell nets are made of Keras alone: they answer alike and train on its JAX backend."""

import json
import os
import subprocess
import sys

import keras
import numpy as np
import pytest

from cellscreen.models.cell_config import CellNetConfig
from cellscreen.models.cell_nets import build_cell_net
from cellscreen.models.tabular_branch import adapt_table

SMALL = {
    "cell_width": 4,
    "table_features": ["Area", "Extent"],
    "table_units": 4,
    "table_dropout": 0.0,
    "fusion_units": 4,
    "projection_units": 6,
}
NETS = {
    "gate": SMALL | {"fusion": "gate"},
    "film": SMALL | {"fusion": "film", "branches": ["mask"], "missing_flags": True},
    "plain": SMALL | {"branches": ["intensity"], "cell_backbone": "plain", "table_norm": False},
}
CHANNELS = {"mask": ["own", "other"], "flow": ["dy", "dx", "probability"], "intensity": ["DNA"]}
PROGRAM = """
import json, sys
import jax, keras, numpy as np
from cellscreen.models.cell_config import CellNetConfig
from cellscreen.models.cell_nets import build_cell_net

folder = sys.argv[1]
nets, channels = json.loads(sys.argv[2])
labels, losses = np.arange(4) % 3, {}
for name, fields in nets.items():
    fields = {k: tuple(v) if isinstance(v, list) else v for k, v in fields.items()}
    net = build_cell_net(CellNetConfig(**fields), 8, channels, 3)
    net.load_weights(f"{folder}/{name}.weights.h5")
    inputs = dict(np.load(f"{folder}/{name}.npz"))
    trained = [v.value for v in net.trainable_variables]
    state = [v.value for v in net.non_trainable_variables]
    np.save(f"{folder}/{name}_jax.npy", net(inputs, training=False))

    def loss(trained, state):
        found, state = net.stateless_call(trained, state, inputs, training=True)
        wrong = keras.losses.sparse_categorical_crossentropy(labels, found)
        return keras.ops.mean(wrong), state

    step = jax.jit(jax.value_and_grad(loss, has_aux=True))
    losses[name] = []
    for _ in range(3):
        (value, state), slopes = step(trained, state)
        trained = [v - 0.01 * s for v, s in zip(trained, slopes)]
        losses[name].append(float(value))
print(json.dumps({"backend": keras.backend.backend(), "losses": losses}))
"""


def _ours(folder, name):
    """Saves a net, its inputs and its answer, made on TensorFlow."""
    fields = {k: tuple(v) if isinstance(v, list) else v for k, v in NETS[name].items()}
    net = build_cell_net(CellNetConfig(**fields), 8, CHANNELS, 3)
    adapt_table(net, [100.0, 0.5], [400.0, 0.01])
    draw = np.random.default_rng(0)
    inputs = {
        branch: draw.random((4, *given.shape[1:]), np.float32)
        for branch, given in net.input.items()
    }
    inputs["table"] = np.array([[90, 0.4], [np.nan, 0.5], [110, np.nan], [130, 0.6]], "f4")
    net.save_weights(folder / f"{name}.weights.h5")
    np.savez(folder / f"{name}.npz", **inputs)
    np.save(folder / f"{name}.npy", net(inputs, training=False))


@pytest.mark.slow
def test_nets_train_and_answer_alike_on_jax(tmp_path):
    pytest.importorskip("jax", reason="jax is not installed")
    keras.utils.set_random_seed(0)
    for name in NETS:
        _ours(tmp_path, name)
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(tmp_path), json.dumps([NETS, CHANNELS])],
        env=os.environ | {"KERAS_BACKEND": "jax", "JAX_PLATFORMS": "cpu"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    said = json.loads(done.stdout.splitlines()[-1])
    assert said["backend"] == "jax"
    for name in NETS:
        ours, theirs = (np.load(tmp_path / f"{name}{end}.npy") for end in ("", "_jax"))
        assert np.abs(ours - theirs).max() < 1e-5, name
        losses = said["losses"][name]
        assert np.isfinite(losses).all()
        assert losses[2] < losses[0], name
