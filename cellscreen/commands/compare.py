"""Put runs beside each other: figures with intervals, and what differs between them.

Takes run folders, or folders that hold runs, such as that of a sweep. It prints a row a run and the
flags in which their configs differ, and warns where runs were trained on different images or folds:
their figures are not comparable then. With --output it also draws them, as one HTML file that needs
no network.

  cellscreen compare runs/*
  cellscreen compare --runs=runs/plain,runs/dense
  cellscreen compare --runs=runs/table3 --output=table3.html
"""

from __future__ import annotations

import sys

from absl import flags

from cellscreen import commands

FLAGS = flags.FlagValues()
WORDS = "runs"
_RUNS = flags.DEFINE_list(
    "runs",
    [],
    "Run folders, or folders that hold some, separated by commas; plain words do as well.",
    flag_values=FLAGS,
)
_OUTPUT = flags.DEFINE_string("output", "", "The HTML file to draw them in.", flag_values=FLAGS)


def main(argv: list[str]) -> int:
    """Prints the comparison, and draws it if asked."""
    from cellscreen.training.sweeps.compare import compare_runs
    from cellscreen.training.sweeps.compare_text import comparison_text

    places = [*_RUNS.value, *argv[1:]]
    if not places:
        raise flags.Error("Expected run folders to compare; got none.")
    found = compare_runs(places)
    print(comparison_text(found))
    if _OUTPUT.value:
        from cellscreen.report.comparison import write_comparison

        write_comparison(found, _OUTPUT.value)
        print(f"Drawn in {_OUTPUT.value}")
    return 0


if __name__ == "__main__":
    sys.exit(commands.run(sys.modules[__name__], sys.argv[1:]))
