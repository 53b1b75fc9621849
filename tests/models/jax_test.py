"""The nets are made of Keras alone: they train on its JAX backend, and weights cross over."""

import json
import os
import subprocess
import sys

import keras
import numpy as np
import pytest

from cellscreen.models.edge_nets import EDGE_NETS, build_edge_net
from cellscreen.models.net_config import NetConfig

SIZE = 24
PROGRAM = """
import json, sys
import keras, numpy as np
from cellscreen.models.edge_nets import EDGE_NETS, build_edge_net
from cellscreen.models.net_config import NetConfig

folder, size = sys.argv[1], int(sys.argv[2])
images = np.load(f"{folder}/images.npy")
labels = np.arange(len(images)) % 2
losses = {}
for name in EDGE_NETS:
    config = NetConfig(net=name, stem_width=4, growth=2, dense_units=4, dropout=0.0)
    net = build_edge_net(config, size, 2)
    net.load_weights(f"{folder}/{name}_tensorflow.weights.h5")
    np.save(f"{folder}/{name}_jax_of_tensorflow.npy", net.predict_on_batch(images))
    net.compile(keras.optimizers.Adam(0.01), "sparse_categorical_crossentropy")
    losses[name] = [float(net.train_on_batch(images, labels)) for _ in range(3)]
    net.save_weights(f"{folder}/{name}_jax.weights.h5")
    np.save(f"{folder}/{name}_jax.npy", net.predict_on_batch(images))
print(json.dumps({"backend": keras.backend.backend(), "losses": losses}))
"""


def _net(name):
    # Without dropout the three steps depend on the weights alone, so the loss must fall each time.
    config = NetConfig(net=name, stem_width=4, growth=2, dense_units=4, dropout=0.0)
    return build_edge_net(config, SIZE, 2)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    pytest.importorskip("jax", reason="jax is not installed")
    folder = tmp_path_factory.mktemp("jax")
    images = np.random.default_rng(0).random((8, SIZE, SIZE, 1)).astype(np.float32)
    np.save(folder / "images.npy", images)
    keras.utils.set_random_seed(0)
    for name in EDGE_NETS:
        net = _net(name)
        net.save_weights(folder / f"{name}_tensorflow.weights.h5")
        np.save(folder / f"{name}_tensorflow.npy", net(images, training=False))
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(folder), str(SIZE)],
        env=os.environ | {"KERAS_BACKEND": "jax", "JAX_PLATFORMS": "cpu"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    (folder / "said.json").write_text(done.stdout.splitlines()[-1])
    return folder


@pytest.mark.parametrize("name", EDGE_NETS)
def test_three_steps_train_on_jax(folder, name):
    said = json.loads((folder / "said.json").read_text())
    assert said["backend"] == "jax"
    losses = said["losses"][name]
    assert np.isfinite(losses).all()
    assert losses[2] < losses[0]


@pytest.mark.parametrize("name", EDGE_NETS)
def test_weights_of_tensorflow_answer_alike_on_jax(folder, name):
    theirs = np.load(folder / f"{name}_jax_of_tensorflow.npy")
    assert np.abs(theirs - np.load(folder / f"{name}_tensorflow.npy")).max() < 1e-5


@pytest.mark.parametrize("name", EDGE_NETS)
def test_weights_of_jax_answer_alike_on_tensorflow(folder, name):
    net = _net(name)
    net.load_weights(folder / f"{name}_jax.weights.h5")
    ours = np.asarray(net(np.load(folder / "images.npy"), training=False))
    assert np.abs(ours - np.load(folder / f"{name}_jax.npy")).max() < 1e-5
