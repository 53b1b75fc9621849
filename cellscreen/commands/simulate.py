"""Simulate hypoxia cultures, or a screen of compounds with known truth.

No public images of AC16 and H9C2 cells under hypoxia exist. These stand in for them: phase-contrast
fields whose cells round up and whose nuclei grow with the hours in the chamber, in both conditions
equally dense on average. Everything made from them says "simulated".

Cultures to train on (8 groups of cell line and hours; 12 wells with 9 images for each condition):

  cellscreen simulate --kind=cultures --output=cultures

A screen of 40 compounds on both lines under hypoxia, 8 of which protect:

  cellscreen simulate --kind=screen --cultures=cultures --output=screen

Smaller, faster, for a look: the AC16 group of 48 hours, 6 wells with 4 images for each condition:

  cellscreen simulate --output=small --cell_lines=AC16 --hours=48 --wells=6 --sites=4

The folder gets <plate>/<well>_s<site>.png (8-bit gray), images.csv, and two files that images.csv
never mentions: truth.csv (what each compound of a screen really does) and oracle.csv (the true
shapes in each field); with --cultures also oracle.parquet, the scores that a reader of the true
shapes would give, fitted on those cultures. The same flags give the same pixels on every run; a
run that was stopped goes on when the same command is given again. `cellscreen check` looks at what
came out.
"""

from __future__ import annotations

import dataclasses
import sys
from pathlib import Path

from absl import flags

from cellscreen import commands
from cellscreen.errors import ConfigError
from cellscreen.simulate.config import CULTURES, SCREEN, CellLine, CultureConfig

ORACLE_SCORES = "oracle.parquet"
_DEFAULT = CultureConfig()
_NAMES = [line.name for line in _DEFAULT.lines]
# Flag -> what it says; each is the field of CultureConfig of that name.
_COUNTS = {
    "batches": "Repeats of every plate, each with wells of its own.",
    "wells": "Cultures: wells of a plate, or dishes, 1 to 12.",
    "sites": "Cultures: images of a well.",
    "compounds": "Screen: compounds in all.",
    "protectors": "Screen: compounds that protect both lines.",
    "one_line": "Screen: compounds that protect one line only, which the vote must not pass.",
    "toxic": "Screen: compounds that kill cells and protect none.",
    "control_wells": "Screen: vehicle wells at least, for each batch and cell line.",
    "control_sites": "Screen: images of a vehicle well.",
    "size_px": "Side of a field in pixels.",
}

FLAGS = flags.FlagValues()
_OUTPUT = flags.DEFINE_string(
    "output", None, "Folder to write, new or begun before.", flag_values=FLAGS, required=True
)
_KIND = flags.DEFINE_enum(
    "kind",
    CULTURES,
    [CULTURES, SCREEN],
    "Cultures in both conditions to train on, or a screen of compounds under hypoxia.",
    flag_values=FLAGS,
)
_CULTURES = flags.DEFINE_string(
    "cultures", "", "Screen: simulated cultures to fit the oracle on.", flag_values=FLAGS
)
_WORKERS = flags.DEFINE_integer(
    "workers", 2, "Processes; the images do not depend on it.", lower_bound=1, flag_values=FLAGS
)
_SEED = flags.DEFINE_integer("seed", _DEFAULT.seed, "Seed of all that is drawn.", flag_values=FLAGS)
_DIFFICULTY = flags.DEFINE_float(
    "difficulty",
    _DEFAULT.difficulty,
    "Divides what hypoxia does to a cell; 1 is the calibrated value.",
    flag_values=FLAGS,
)
_LINES = flags.DEFINE_list("cell_lines", _NAMES, "Cell lines to simulate.", flag_values=FLAGS)
_HOURS = flags.DEFINE_list(
    "hours", [], "Cultures: only groups of these hours; all of them if empty.", flag_values=FLAGS
)
_DOSES = flags.DEFINE_list(
    "concentrations_um",
    [f"{dose:g}" for dose in _DEFAULT.concentrations_um],
    "Screen: doses of every compound in µM.",
    flag_values=FLAGS,
)
_SITES_OF_WELLS = flags.DEFINE_list(
    "sites_of_wells",
    [str(sites) for sites in _DEFAULT.sites_of_wells],
    "Screen: images in each well of a compound at a dose.",
    flag_values=FLAGS,
)
for _name, _text in _COUNTS.items():
    flags.DEFINE_integer(_name, getattr(_DEFAULT, _name), _text, flag_values=FLAGS)


def main(argv: list[str]) -> int:
    """Writes the simulation and says where it is."""
    from cellscreen.simulate.writing import simulate

    del argv
    output = Path(_OUTPUT.value)
    table = simulate(_config(), output, _WORKERS.value, progress=_print_progress)
    plates = table["plate"].nunique()
    print(f"{len(table)} simulated images of {plates} plates are in {output}")
    if _CULTURES.value:
        _write_oracle(Path(_CULTURES.value), output)
    return 0


def _write_oracle(cultures: Path, screen: Path) -> None:
    from cellscreen.plates.table import read_plate_table
    from cellscreen.screening.scores import write_scores
    from cellscreen.simulate.oracle import oracle_scores, read_oracle

    tables = [(read_plate_table(folder), read_oracle(folder)) for folder in (cultures, screen)]
    write_scores(oracle_scores(*tables[0], *tables[1]), screen / ORACLE_SCORES)
    print(f"The oracle's scores are in {screen / ORACLE_SCORES}")


def _config() -> CultureConfig:
    known = {line.name: line for line in _DEFAULT.lines}
    unknown = [name for name in _LINES.value if name not in known]
    if unknown:
        raise ConfigError(f"Expected cell lines among {', '.join(known)}, got {unknown[0]!r}.")
    lines = [_at_hours(known[name]) for name in dict.fromkeys(_LINES.value)]
    return CultureConfig(
        kind=_KIND.value,
        seed=_SEED.value,
        difficulty=_DIFFICULTY.value,
        lines=tuple(line for line in lines if line.culture_hours),
        concentrations_um=tuple(_numbers("concentrations_um", _DOSES.value)),
        sites_of_wells=tuple(_numbers("sites_of_wells", _SITES_OF_WELLS.value, int)),
        **{name: FLAGS[name].value for name in _COUNTS},
    )


def _at_hours(line: CellLine) -> CellLine:
    chosen = _numbers("hours", _HOURS.value) if _KIND.value == CULTURES else []
    hours = tuple(hour for hour in line.culture_hours if not chosen or hour in chosen)
    return dataclasses.replace(line, culture_hours=hours)


def _numbers(flag: str, words: list[str], kind: type = float) -> list:
    try:
        return [kind(word) for word in words]
    except ValueError:
        what = "whole numbers" if kind is int else "numbers"
        raise ConfigError(f"Expected {what} in --{flag}, got {','.join(words)!r}.") from None


def _print_progress(done: int, total: int) -> None:
    start, end = ("\r", "") if sys.stderr.isatty() else ("", "\n")
    if start or done == total or done % 200 == 0:
        end = "\n" if done == total else end
        print(f"{start}simulate: {done} of {total} fields", end=end, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(commands.run(sys.modules[__name__], sys.argv[1:]))
