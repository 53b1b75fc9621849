"""Each folder of the package imports only from those above it, few of them TensorFlow, and no
trainer another.
"""

import subprocess
import sys
from pathlib import Path

import pytest

import build_files

ROOT = Path(__file__).resolve().parent.parent
LAYERS = [
    "cellscreen",
    "plates",
    "simulate",
    "images",
    "quality",
    "cells",
    "records",
    "datasets",
    "pipelines",
    "votes",
    "judging",
    "models",
    "fitting",
    "training",
    "comparators",
    "screening",
    "explain",
    "serving",
    "report",
    "commands",
    "trainers",
]
NO_TENSORFLOW = {
    "cellscreen",
    "plates",
    "simulate",
    "images",
    "quality",
    "cells",
    "votes",
    "judging",
    "screening",
}
IN_GRAPH = "cellscreen/images/in_graph.py"
TRAINERS = {"edges", "bags", "cells"}  # folders of training/ and of serving/
HEAVY = {"tensorflow", "tensorflow_datasets", "keras", "apache_beam"}
MODULES = build_files.modules_of(ROOT)
SOURCES = sorted(
    path
    for target in build_files.targets(ROOT).values()
    for path in target.srcs
    if path.startswith("cellscreen/") and not path.endswith("_test.py")
)


def _layer(module):
    """`cellscreen.plates.key` -> plates; the modules beside `__init__` make the first layer."""
    word = module.split(".")[1:2]
    folder = ROOT.joinpath("cellscreen", *word)
    return word[0] if word and folder.is_dir() else "cellscreen"


def _trainer(module):
    """`cellscreen.serving.bags.scorer` -> bags; empty for what is no trainer's own."""
    _, layer, name, *_ = [*module.split("."), "", ""]
    return name if layer in ("training", "serving") and name in TRAINERS else ""


def _offences(path, imports):
    """Lines on what a file imports and may not."""
    layer, trainer = (of(build_files.module_of(path)) for of in (_layer, _trainer))
    allowed = LAYERS[: LAYERS.index(layer) + 1]
    for line, module in imports:
        top = module.split(".")[0]
        if top == "cellscreen" and _layer(module) not in allowed:
            yield f"{path}:{line}: {layer} may not import {module}, which lies below it"
        if trainer and _trainer(module) not in ("", trainer):
            yield f"{path}:{line}: {trainer} may not import {module}, another trainer's"
        if top in HEAVY and layer in NO_TENSORFLOW and path != IN_GRAPH:
            yield f"{path}:{line}: {layer} may not import {top}"
        if top.startswith("tensorflow") and layer == "models":
            yield f"{path}:{line}: models is written in keras.ops and keras.layers, not {top}"


def test_every_folder_has_its_place():
    folders = {path.name for path in (ROOT / "cellscreen").iterdir() if path.is_dir()}
    assert folders - {"__pycache__"} <= set(LAYERS)


def test_imports_go_upwards_only():
    offences = [
        offence
        for path in SOURCES
        for offence in _offences(path, build_files.imports(ROOT / path, MODULES))
    ]
    assert not offences, "\n".join(offences)


@pytest.mark.parametrize(
    ("path", "module", "message"),
    [
        ("cellscreen/plates/x.py", "cellscreen.report.page", "plates may not import cellscreen.re"),
        ("cellscreen/errors.py", "cellscreen.plates.key", "cellscreen may not import"),
        ("cellscreen/quality/x.py", "tensorflow", "quality may not import tensorflow"),
        ("cellscreen/images/gray.py", "keras.ops", "images may not import keras"),
        ("cellscreen/models/plain.py", "tensorflow.math", "models is written in keras.ops"),
        ("cellscreen/fitting/x.py", "cellscreen.training.configs", "fitting may not import cells"),
        ("cellscreen/serving/bags/x.py", "cellscreen.training.cells.run", "bags may not import c"),
    ],
)
def test_wrong_imports_are_told(path, module, message):
    (offence,) = _offences(path, [(7, module)])
    assert offence.startswith(f"{path}:7: {message}")


@pytest.mark.parametrize(
    ("path", "module"),
    [
        (IN_GRAPH, "tensorflow"),
        ("cellscreen/records/x.py", "tensorflow"),
        ("cellscreen/models/plain.py", "keras"),
        ("cellscreen/report/page.py", "cellscreen.plates.key"),
        ("cellscreen/serving/bags/x.py", "cellscreen.training.bags.run"),
        ("cellscreen/serving/bags/x.py", "cellscreen.serving.common.scored"),
    ],
)
def test_right_imports_pass(path, module):
    assert not list(_offences(path, [(1, module)]))


def test_looking_at_images_loads_no_tensorflow():
    modules = [build_files.module_of(path) for path in SOURCES if path != IN_GRAPH]
    light = [module for module in modules if _layer(module) in NO_TENSORFLOW]
    code = (
        "import importlib, sys\n"
        "for module in sys.argv[1:]: importlib.import_module(module)\n"
        f"print(sorted({HEAVY!r} & sys.modules.keys()))"
    )
    command = [sys.executable, "-c", code, *light, "cellscreen.commands.check"]
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert result.stdout == "[]\n", result.stderr
