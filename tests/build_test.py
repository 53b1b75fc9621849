"""BUILD, the imports, setup.cfg, the constraints and the page on dependencies say the same."""

import configparser
import graphlib
import re
from pathlib import Path

import pytest

import build_files

ROOT = Path(__file__).resolve().parent.parent
WANTED = build_files.targets(ROOT)


def _normal(requirement):
    """`Scikit-Learn >= 1.9` -> scikit_learn, as Bazel's labels have it."""
    return re.sub(r"[-.]", "_", re.split(r"[\s\[;<>=]", requirement.strip())[0]).lower()


def _requirements(text):
    return {_normal(line) for line in text.splitlines() if line.strip()}


@pytest.fixture(scope="module")
def setup_cfg():
    config = configparser.ConfigParser()
    config.read(ROOT / "setup.cfg", encoding="utf-8")
    return config


# Tests skip without Cellpose, whose NumPy is older than ours (docs/decisions/cellpose.md), and a
# benchmark leaves its peer out without torch: both are extras with their own pins.
OF_THEIR_OWN = {"cellpose", "torch"}


def _third_party(targets):
    labels = {label for target in targets for label in target.deps}
    return {label.removeprefix("@pip//") for label in labels if label.startswith("@pip//")}


def test_build_says_what_the_imports_say():
    declared = build_files.read_build((ROOT / "BUILD").read_text(encoding="utf-8"))
    lines = build_files.differences(declared, WANTED)
    assert not lines, "BUILD is out of date; run `make build-files`, or:\n" + "\n".join(lines)


def test_no_target_depends_on_itself_through_others():
    graph = {f":{name}": target.deps for name, target in WANTED.items()}
    graphlib.TopologicalSorter(graph).prepare()


def test_library_imports_are_declared_in_setup_cfg(setup_cfg):
    library = [target for target in WANTED.values() if target.srcs <= _package_files()]
    missing = _third_party(library) - _requirements(setup_cfg["options"]["install_requires"])
    assert not missing, f"add to install_requires in setup.cfg: {sorted(missing)}"


def test_every_import_is_pinned():
    pinned = _requirements((ROOT / "constraints.txt").read_text(encoding="utf-8"))
    missing = _third_party(WANTED.values()) - pinned - OF_THEIR_OWN
    assert not missing, f"pin in constraints.txt (CONTRIBUTING.md says how): {sorted(missing)}"


def test_page_on_dependencies_lists_those_of_setup_cfg(setup_cfg):
    page = (ROOT / "docs" / "decisions" / "dependencies.md").read_text(encoding="utf-8")
    listed = {_normal(name) for name in re.findall(r"^\| `([^`]+)` \|", page, re.MULTILINE)}
    extras = setup_cfg["options.extras_require"]["dev"]
    assert listed == _requirements(setup_cfg["options"]["install_requires"] + extras)


def _package_files():
    return {path for target in WANTED.values() for path in target.srcs if "cellscreen/" in path}


def _write(root, **texts):
    for path, text in texts.items():
        file = root / path.replace("__", "/")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.with_suffix(".py").write_text(text)


@pytest.fixture
def small(tmp_path):
    """A repository of three folders: plates <- report, and the tests of report."""
    (tmp_path / "cellscreen").mkdir()
    (tmp_path / "cellscreen" / "__init__.py").write_text("")
    _write(
        tmp_path,
        cellscreen__plates__key="import os\nimport cv2\n",
        cellscreen__report__page="from cellscreen.plates import key\nimport numpy as np\n",
        tests__report__page_test="from cellscreen.report.page import x\n",
    )
    (tmp_path / "cellscreen" / "report" / "style.css").write_text("")
    return tmp_path


def test_targets_of_a_small_repository(small):
    found = build_files.targets(small)
    assert set(found) == {"cellscreen", "plates", "report", "report_test"}
    assert found["plates"].deps == {"@pip//opencv_python_headless"}
    assert found["report"].deps == {":cellscreen", ":plates", "@pip//numpy"}
    assert found["report"].data == {"cellscreen/report/style.css"}
    assert found["report_test"].rule == "py_test"
    assert found["report_test"].deps == {":cellscreen", ":report", "@pip//pytest"}


def test_what_is_written_is_what_is_read(small):
    wanted = build_files.targets(small)
    declared = build_files.read_build(build_files.render(wanted))
    assert declared["report"] == wanted["report"]
    assert declared["report_test"].data == {"pyproject.toml"}
    assert build_files.differences(declared, wanted) == []


def test_a_new_file_and_a_changed_import_are_told(small):
    declared = build_files.targets(small)
    _write(small, cellscreen__plates__key="import pandas\n", cellscreen__plates__new="")
    assert build_files.differences(declared, build_files.targets(small)) == [
        'plates: add "cellscreen/plates/new.py" to srcs',
        'plates: add "@pip//pandas" to deps',
        'plates: remove "@pip//opencv_python_headless" from deps',
    ]


def test_a_file_in_two_targets_and_a_target_too_many_are_told(small):
    wanted = build_files.targets(small)
    declared = {**wanted, "again": wanted["plates"]}
    assert build_files.differences(declared, wanted) == [
        "remove the target again",
        "cellscreen/plates/key.py is in 2 targets",
    ]


def test_an_import_of_nothing_is_refused(small):
    _write(small, cellscreen__plates__key="\nfrom cellscreen.plates import lock\n")
    with pytest.raises(ImportError, match=r"plates/key\.py:2: there is no module cellscreen\.plat"):
        build_files.targets(small)
