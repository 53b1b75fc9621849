"""The console script: `cellscreen <verb> [flags]`, one module a verb, imported when called."""

from __future__ import annotations

import errno
import importlib
import importlib.util
import logging
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType

from absl import flags
from absl import logging as absl_logging

from cellscreen.errors import CellscreenError

VERBS = {
    "check": "cellscreen.commands.check",
    "labels": "cellscreen.commands.labels",
    "simulate": "cellscreen.commands.simulate",
    "build": "cellscreen.commands.build",
    "verify": "cellscreen.commands.verify",
    "train-edges": "cellscreen.trainers.train_edges",
    "train-bags": "cellscreen.trainers.train_bags",
    "train-cells": "cellscreen.trainers.train_cells",
    "compare": "cellscreen.commands.compare",
    "score": "cellscreen.commands.score",
    "patch-curve": "cellscreen.commands.patch_curve",
    "comparators": "cellscreen.commands.comparators",
    "vote": "cellscreen.commands.vote",
    "export": "cellscreen.commands.export",
    "profiles": "cellscreen.commands.profiles",
    "explain": "cellscreen.commands.explain",
    "report": "cellscreen.commands.report",
    "demo": "cellscreen.commands.demo",
    "study": "cellscreen.commands.study",
    "honesty": "cellscreen.commands.honesty",
}
RECIPES = Path(__file__).parents[1] / "trainers" / "recipes"
# TensorFlow's C++ side logs matters of no use to a screener; what fails comes as an exception.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
USAGE_ERROR, INTERRUPTED, NOT_READ = 2, 130, 141


def main(argv: Sequence[str] | None = None) -> int:
    """Runs one verb; returns the exit status.

    0 is done, 1 problems were found, 2 bad input, 130 stopped by the user, 141 nobody reads the
    output (`cellscreen check … | head`).

    Args:
        argv: the words after `cellscreen`; those of the command line by default.
    """
    try:
        status = _main(argv)
        sys.stdout.flush()
    except BrokenPipeError:
        # What is left to print goes nowhere, or the exit would try the pipe once more.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return NOT_READ
    return status


def _main(argv: Sequence[str] | None) -> int:
    words = list(sys.argv[1:] if argv is None else argv)
    if not words or words[0] in ("--help", "-h", "help"):
        print(_overview())
        return 0 if words else USAGE_ERROR
    verb, rest = words[0], words[1:]
    if verb not in VERBS:
        print(f"cellscreen: no verb {verb!r}. One of: {', '.join(VERBS)}.", file=sys.stderr)
        return USAGE_ERROR
    return run(importlib.import_module(VERBS[verb]), rest, name=f"cellscreen {verb}")


def run(module: ModuleType, argv: Sequence[str], name: str = "") -> int:
    """Parses `argv` with the flags of a verb's module and calls its `main`.

    Args:
        module: has a docstring (shown by `--help`), `FLAGS` (an absl `FlagValues` of its own, so
            that two verbs never share a flag) and `main(argv) -> int | None`. One that takes words
            beside flags says in `WORDS` what they are; they are `argv[1:]` of its `main`.
        argv: the flags, `--flagfile=recipe` among them.
        name: how the user called it, for messages.
    """
    values: flags.FlagValues = module.FLAGS
    name = name or module.__name__
    if any(word in ("--help", "-h", "-help") for word in argv):
        print(_help(module, name))
        return 0
    for flag in values:
        values[flag].unparse()
        values[flag].present = 0
    _log_to_stderr()
    takes_words = hasattr(module, "WORDS")
    values.set_gnu_getopt(takes_words)  # flags may follow words
    try:
        rest = values([name, *map(_with_recipe, argv)])
        if len(rest) > 1 and not takes_words:
            raise flags.Error(f"Expected flags only; got the word {rest[1]!r}.")
        return module.main(rest) or 0
    except flags.Error as error:
        print(f"{name}: {error} See {name} --help.", file=sys.stderr)
        return USAGE_ERROR
    except CellscreenError as error:
        print(f"{name}: {error}", file=sys.stderr)
        return USAGE_ERROR
    except BrokenPipeError:
        raise
    except OSError as error:
        if error.filename is None and error.errno != errno.ENOSPC:
            raise
        print(f"{name}: {error}.", file=sys.stderr)
        return USAGE_ERROR
    except KeyboardInterrupt:
        print(f"{name}: stopped.", file=sys.stderr)
        return INTERRUPTED


def _log_to_stderr() -> None:
    """Shows our own progress, and of the libraries below us errors only."""
    # A verb has flags of its own; absl would wait for its own to be parsed, and say so.
    flags.FLAGS.mark_as_parsed()
    flags.FLAGS["logtostderr"].value = True
    absl_logging.use_absl_handler()
    absl_logging.get_absl_handler().setFormatter(
        logging.Formatter("%(asctime)s %(message)s", "%H:%M:%S")
    )
    absl_logging.set_verbosity(absl_logging.ERROR)
    logging.getLogger("cellscreen").setLevel(logging.INFO)


def _with_recipe(word: str) -> str:
    """`--flagfile=quick.flags` means ours of that name, where the user's folder has none.

    So does `--sweep=table3.sweep`.
    """
    flag, equals, name = word.partition("=")
    recipe = RECIPES / name
    if flag.lstrip("-") not in ("flagfile", "sweep") or Path(name).exists() or not recipe.is_file():
        return word
    return f"{flag}{equals}{recipe}"


def _overview() -> str:
    lines = ["Image-based drug screening. Usage: cellscreen <verb> [--flags]", ""]
    for verb, path in VERBS.items():
        lines.append(f"  {verb:<12} {_summary(path)}")
    return "\n".join([*lines, "", "cellscreen <verb> --help says more."])


def _summary(path: str) -> str:
    """The first docstring line of a module, read without importing what it imports."""
    import ast

    spec = importlib.util.find_spec(path)
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError(path)
    with open(spec.origin, encoding="utf-8") as file:
        return (ast.get_docstring(ast.parse(file.read())) or "").partition("\n")[0]


def _help(module: ModuleType, name: str) -> str:
    values: flags.FlagValues = module.FLAGS
    text = (module.__doc__ or "").strip()
    lines = values.get_help(include_special_flags=False).splitlines()
    own = "\n".join(line for line in lines if line.startswith("  "))
    words = f" [{module.WORDS} …]" if hasattr(module, "WORDS") else ""
    return f"{text}\n\nUsage: {name} [--flags]{words}, or --flagfile=FILE with a flag a line\n{own}"
