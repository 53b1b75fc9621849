"""Keeps BUILD true to the imports, without Bazel: `make build-files` writes it anew.

One target a folder: `cellscreen/plates/*.py` is `:plates`, its tests are `:plates_test`. What a
target depends on is read from the import statements; `tests/build_test.py` says what differs.
"""

from __future__ import annotations

import ast
import os
import re
import sys
from collections import Counter, defaultdict
from collections.abc import Container, Iterator, Mapping
from pathlib import Path, PurePosixPath
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent.parent
SHARED = "tests/conftest.py"
FOLDERS = ("cellscreen", "tests", "benchmarks", "tools")
DISTRIBUTIONS = {
    "PIL": "pillow",
    "absl": "absl_py",
    "cv2": "opencv_python_headless",
    "skimage": "scikit_image",
    "sklearn": "scikit_learn",
}
# What imports do not say: a target, or a distribution it imports, finds others by their names.
LOADED_BY_NAME = {
    "@pip//tensorflow_datasets": {"@pip//importlib_resources", "@pip//mlcroissant"},
    "@pip//tifffile": {"@pip//imagecodecs"},
    ":conftest": {":datasets_hcs", ":datasets_hypoxia", ":trainers"},
}
HEADER = '''\
"""One target a folder, written by tools/build_files.py from the imports (`make build-files`)."""

load("@rules_python//python:py_library.bzl", "py_library")
load("@rules_python//python:py_test.bzl", "py_test")
'''


class Target(NamedTuple):
    """A rule of BUILD. Paths are relative to the repository; `deps` are labels."""

    rule: str
    srcs: frozenset[str]
    data: frozenset[str]
    deps: frozenset[str]


def targets(root: Path) -> dict[str, Target]:
    """What BUILD has to say about the files under `root`, by name of target.

    Raises:
        ImportError: a file imports relatively, or a module of cellscreen that is not there.
    """
    srcs: dict[str, set[str]] = defaultdict(set)
    for path in files(root):
        if path.endswith(".py"):
            srcs[target_of(path)].add(path)
    data: dict[str, set[str]] = defaultdict(set)
    for path in files(root, FOLDERS[:1]):
        if not path.endswith(".py"):
            data[_owner(path, srcs)].add(path)
    for name in srcs:
        data[name] |= {"pyproject.toml"} if name.endswith("_test") else set()
    modules = modules_of(root)
    return {
        name: Target(
            "py_test" if name.endswith("_test") else "py_library",
            frozenset(srcs[name]),
            frozenset(data[name]),
            frozenset(_deps(root, name, srcs[name], modules)),
        )
        for name in sorted(srcs)
    }


def files(root: Path, folders: tuple[str, ...] = FOLDERS) -> Iterator[str]:
    """Yields every file of some folders, relative to `root`, behind symlinks too; no caches."""
    for top in folders:
        for folder, _, names in os.walk(root / top, followlinks=True):
            for name in sorted(names) if Path(folder).name != "__pycache__" else ():
                if not name.startswith("."):
                    yield (Path(folder) / name).relative_to(root).as_posix()


def modules_of(root: Path) -> dict[str, str]:
    """Name of target by dotted name of module."""
    return {module_of(path): target_of(path) for path in files(root) if path.endswith(".py")}


def module_of(path: str) -> str:
    """`cellscreen/plates/key.py` -> cellscreen.plates.key; scripts in tools/ stand alone, and so do
    the parts of a benchmark, in a folder beside it.
    """
    dotted = re.sub(r"^(tools|benchmarks(?=/\w+/))/", "", path)
    dotted = dotted.removesuffix(".py").removesuffix("/__init__")
    return dotted.replace("/", ".")


def imports(path: Path, modules: Container[str]) -> Iterator[tuple[int, str]]:
    """Yields (line, dotted name) of every import in a file; of names in `modules`, the longest."""
    for node in ast.walk(ast.parse(path.read_bytes(), str(path))):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            if node.level:
                raise ImportError(f"{path}:{node.lineno}: write the import in full, not relative.")
            for alias in node.names:
                whole = f"{node.module}.{alias.name}"
                yield node.lineno, whole if whole in modules else str(node.module)


def target_of(path: str) -> str:
    """`cellscreen/plates/key.py` -> plates; `tests/plates/key_test.py` -> plates_test.

    What all tests share, `tests/conftest.py`, is a library of its own.
    """
    if path == SHARED:
        return "conftest"
    top, *inner = PurePosixPath(path).parent.parts
    name = "_".join(inner) or ("cellscreen" if top == "tests" else top)
    return f"{name}_test" if top == "tests" or path.endswith("_test.py") else name


def read_build(text: str) -> dict[str, Target]:
    """The py_library and py_test rules of a BUILD file, which is Python to look at."""
    found = {}
    for statement in ast.parse(text).body:
        call = statement.value if isinstance(statement, ast.Expr) else None
        rule = getattr(getattr(call, "func", None), "id", "")
        if isinstance(call, ast.Call) and rule in ("py_library", "py_test"):
            values = {word.arg: ast.literal_eval(word.value) for word in call.keywords}
            lists = (frozenset(values.get(key, ())) for key in ("srcs", "data", "deps"))
            found[values["name"]] = Target(rule, *lists)
    return found


def differences(declared: Mapping[str, Target], wanted: Mapping[str, Target]) -> list[str]:
    """What to change in BUILD, a line each; empty if it is true to the imports."""
    lines = [f"add the target {name}" for name in wanted if name not in declared]
    lines += [f"remove the target {name}" for name in declared if name not in wanted]
    for name in sorted(declared.keys() & wanted.keys()):
        for field in ("srcs", "data", "deps"):
            is_, should = getattr(declared[name], field), getattr(wanted[name], field)
            lines += [f'{name}: add "{entry}" to {field}' for entry in sorted(should - is_)]
            lines += [f'{name}: remove "{entry}" from {field}' for entry in sorted(is_ - should)]
    owners = Counter(path for target in declared.values() for path in target.srcs)
    return lines + [f"{path} is in {times} targets" for path, times in owners.items() if times > 1]


def render(wanted: Mapping[str, Target]) -> str:
    """The text of BUILD."""
    return "\n".join([HEADER, *(_rule(name, target) for name, target in sorted(wanted.items()))])


def _owner(path: str, srcs: Container[str]) -> str:
    """The target of the nearest folder above a data file that has Python files."""
    folder = PurePosixPath(path).parent
    while target_of(f"{folder}/_") not in srcs:
        folder = folder.parent
    return target_of(f"{folder}/_")


def _deps(root: Path, name: str, srcs: set[str], modules: Mapping[str, str]) -> set[str]:
    shared = {":conftest"} if "conftest" in modules.values() else set()
    labels = {"@pip//pytest"} | shared if name.endswith("_test") else set()
    for path in srcs:
        for line, module in imports(root / path, modules):
            if module.split(".")[0] == "cellscreen" and module not in modules:
                raise ImportError(f"{path}:{line}: there is no module {module}.")
            labels |= _labels(module, modules)
    for label in [f":{name}", *(label for label in labels if label.startswith("@pip//"))]:
        labels |= LOADED_BY_NAME.get(label, set())
    return labels - {f":{name}"}


def _labels(module: str, modules: Mapping[str, str]) -> set[str]:
    """The label of a module, and of the packages around it, which Python imports first."""
    words = module.split(".")
    if words[0] in sys.stdlib_module_names:
        return set()
    around = {".".join(words[:count]) for count in range(1, len(words) + 1)} & modules.keys()
    if around:
        return {f":{modules[name]}" for name in around}
    return {f"@pip//{DISTRIBUTIONS.get(words[0], words[0])}"}


def _rule(name: str, target: Target) -> str:
    lines = [f"{target.rule}(", f'    name = "{name}",', *_list("srcs", target.srcs)]
    if target.rule == "py_test":
        folders = {PurePosixPath(path).parent.as_posix() for path in target.srcs}
        lines += [*_list("args", folders), '    main_module = "pytest",']
    lines += _list("data", target.data)
    if any(path.startswith("tools/") for path in target.srcs):
        lines += _list("imports", {"tools"})
    return "\n".join([*lines, *_list("deps", target.deps), ")", ""])


def _list(field: str, entries: frozenset[str] | set[str]) -> list[str]:
    if len(entries) < 2:
        return [f'    {field} = ["{entry}"],' for entry in entries]
    return [f"    {field} = [", *(f'        "{entry}",' for entry in sorted(entries)), "    ],"]


if __name__ == "__main__":
    (ROOT / "BUILD").write_text(render(targets(ROOT)), encoding="utf-8")
