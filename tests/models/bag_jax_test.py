"""The bag nets are made of Keras alone: they train on its JAX backend, and weights cross over."""

import json
import os
import subprocess
import sys

import keras
import numpy as np
import pytest

from cellscreen.models.bag_config import BagNetConfig
from cellscreen.models.bag_nets import build_bag_net

FIELDS = {"embedding_units": 8, "heads": 2, "mlp_units": 8, "set_dropout": 0.0}
SMALL = {"encoder": "small", "encoder_width": 4}
REST = {
    "mean": SMALL | {"set_head": "mean"},
    "gated_attention": SMALL | {"set_head": "gated_attention"},
    "vote": SMALL | {"set_head": "vote"},
    "resnet18": {"encoder": "resnet18", "encoder_width": 4},
    "resnet50": {"encoder": "resnet50"},
    "efficientnet_b0": {"encoder": "efficientnet_b0"},
}
PROGRAM = """
import json, sys
import jax, keras, numpy as np
from cellscreen.models.bag_config import BagNetConfig
from cellscreen.models.bag_nets import build_bag_net

folder, size = sys.argv[1], int(sys.argv[2])
fields, nets = json.loads(sys.argv[3])
inputs = {"crops": np.load(f"{folder}/crops.npy"), "mask": np.load(f"{folder}/mask.npy")}
labels, losses = np.arange(4) % 2, {}
for name, own in nets.items():
    net = build_bag_net(BagNetConfig(**fields | own), size, ("a", "b"), 2)
    net.load_weights(f"{folder}/{name}.weights.h5")
    trained = [v.value for v in net.trainable_variables]
    state = [v.value for v in net.non_trainable_variables]
    for key, value in jax.jit(net.stateless_call)(trained, state, inputs)[0].items():
        np.save(f"{folder}/{name}_{key}_jax.npy", value)

    def loss(trained, state):
        outputs, state = net.stateless_call(trained, state, inputs, training=True)
        wrong = keras.losses.sparse_categorical_crossentropy(labels, outputs["answer"])
        return keras.ops.mean(wrong), state

    step = jax.jit(jax.value_and_grad(loss, has_aux=True))
    losses[name] = []
    for _ in range(3):
        (value, state), slopes = step(trained, state)
        trained = [v - 0.01 * s for v, s in zip(trained, slopes)]
        losses[name].append(float(value))
print(json.dumps({"backend": keras.backend.backend(), "losses": losses}))
"""


def _on_both(folder, nets, size):
    """Runs the nets here, and the program above on JAX; returns what that said."""
    crops = np.random.default_rng(0).random((4, 3, size, size, 2)).astype(np.float32)
    mask = np.array([[1, 1, 1], [1, 0, 0], [1, 1, 0], [0, 1, 1]], bool)
    np.save(folder / "crops.npy", crops)
    np.save(folder / "mask.npy", mask)
    keras.utils.set_random_seed(0)
    for name, own in nets.items():
        net = build_bag_net(BagNetConfig(**FIELDS | own), size, ("a", "b"), 2)
        net.save_weights(folder / f"{name}.weights.h5")
        for key, value in net({"crops": crops, "mask": mask}, training=False).items():
            np.save(folder / f"{name}_{key}.npy", value)
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(folder), str(size), json.dumps([FIELDS, nets])],
        env=os.environ | {"KERAS_BACKEND": "jax", "JAX_PLATFORMS": "cpu"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    said = json.loads(done.stdout.splitlines()[-1])
    assert said["backend"] == "jax"
    return said["losses"]


def _check_alike(folder, name):
    for key in ("answer", "attention", "rollout", "layers", "embedding"):
        ours, theirs = (np.load(folder / f"{name}_{key}{end}.npy") for end in ("", "_jax"))
        assert np.abs(ours - theirs).max() < 1e-5, key


def test_three_steps_train_and_answers_are_alike_on_jax(tmp_path):
    pytest.importorskip("jax", reason="jax is not installed")
    losses = _on_both(tmp_path, {"small": SMALL}, size=8)["small"]
    assert np.isfinite(losses).all()
    assert losses[2] < losses[0]
    _check_alike(tmp_path, "small")


@pytest.mark.slow
@pytest.mark.parametrize("name", REST)
def test_other_heads_and_encoders_train_and_answer_alike_on_jax(name, tmp_path):
    pytest.importorskip("jax", reason="jax is not installed")
    losses = _on_both(tmp_path, {name: REST[name]}, size=32)[name]
    assert np.isfinite(losses).all()
    _check_alike(tmp_path, name)
