"""Write one self-contained HTML page on trainings, images and ranked compounds.

Takes whatever is there; a part that is not given is left out, and the page says so. It opens in
any browser without network, prints, and can be mailed as the one file it is.

  cellscreen report --runs=runs/ac16,runs/h9c2 --images=cultures,screen --hits=votes \\
      --output=report.html

The light that `cellscreen build` estimated and the intensity scales come in by --plates=records,
the suspicious wells of a deep check by --checks=checked.

Sweeps, such as the paper's tables trained anew, come in by --sweeps=runs/table3. A page on
simulated data can show the hidden truth and the oracle beside the nets (--truth,
--oracle_hits). --dose takes a CSV of dose figures, a row a figure; rows with the columns rho, low,
high and null are drawn too.
"""

from __future__ import annotations

import sys

from absl import flags

from cellscreen import commands

FLAGS = flags.FlagValues()
_RUNS = flags.DEFINE_list("runs", [], "Run folders, separated by commas.", flag_values=FLAGS)
_SWEEPS = flags.DEFINE_list(
    "sweeps", [], "Folders of sweeps, such as the paper's tables, by commas.", flag_values=FLAGS
)
_IMAGES = flags.DEFINE_list("images", [], "Folders of images, by commas.", flag_values=FLAGS)
_PLATES = flags.DEFINE_list(
    "plates", [], "Root folders of prepared plates: their light and scale.", flag_values=FLAGS
)
_CHECKS = flags.DEFINE_list(
    "checks", [], "Folders of `cellscreen check --deep --output`, by commas.", flag_values=FLAGS
)
_HITS = flags.DEFINE_string(
    "hits", None, "Folder that `cellscreen vote` wrote, or the hits.csv in it.", flag_values=FLAGS
)
_ORACLE_HITS = flags.DEFINE_string(
    "oracle_hits", None, "The same, of the simulation's oracle.", flag_values=FLAGS
)
_TRUTH = flags.DEFINE_string(
    "truth", None, "The truth.csv of a simulated screen: adds what is true.", flag_values=FLAGS
)
_DOSE = flags.DEFINE_string("dose", None, "CSV of dose figures.", flag_values=FLAGS)
_TITLE = flags.DEFINE_string("title", "Screening report", "Title of the page.", flag_values=FLAGS)
_OUTPUT = flags.DEFINE_string(
    "output", None, "The HTML file to write.", flag_values=FLAGS, required=True
)


def main(argv: list[str]) -> int:
    """Reads, draws and writes."""
    from cellscreen.report.data import read_report_data
    from cellscreen.report.page import write_report

    del argv
    data = read_report_data(
        runs=_RUNS.value,
        images=_IMAGES.value,
        votes=_HITS.value,
        oracle_votes=_ORACLE_HITS.value,
        truth=_TRUTH.value,
        doses=_DOSE.value,
        sweeps=_SWEEPS.value,
        plates=_PLATES.value,
        checks=_CHECKS.value,
    )
    write_report(data, _OUTPUT.value, _TITLE.value)
    print(f"The report is in {_OUTPUT.value}")
    return 0


if __name__ == "__main__":
    sys.exit(commands.run(sys.modules[__name__], sys.argv[1:]))
