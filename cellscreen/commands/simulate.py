"""Simulate cultures, screens or fluorescence plates with a known truth.

No public images of AC16 and H9C2 cells under hypoxia exist. These stand in for them: phase-contrast
fields whose cells round up and whose nuclei grow with the hours in the chamber, in both conditions
equally dense on average. Everything made from them says "simulated".

Cultures to train on (8 groups of cell line and hours; 12 wells with 9 images for each condition):

  cellscreen simulate --kind=cultures --output=cultures

A screen of 40 compounds on both lines under hypoxia, 8 of which protect:

  cellscreen simulate --kind=screen --cultures=cultures --output=screen

Smaller, faster, for a look: the AC16 group of 48 hours, 6 wells with 4 images for each condition:

  cellscreen simulate --output=small --cell_lines=AC16 --hours=48 --wells=6 --sites=4

The folder of these gets <plate>/<well>_s<site>.png (8-bit gray), images.csv, and two files that
images.csv never mentions: truth.csv (what each compound of a screen really does) and oracle.csv
(the true shapes in each field); with --cultures also oracle.parquet, the scores that a reader of
the true shapes would give, fitted on those cultures. The same flags give the same pixels on every
run; a run that was stopped goes on when the same command is given again. `cellscreen check` looks
at what came out.

Fluorescence plates in a microscope's own layout, of three kinds: cardiotox (hiPSC-CM: nucleus, MMP,
ROS; 100 compounds, 47 of them toxic, 6 doses x 3 replicates), cell_painting (U2OS, five channels,
CPJUMP1's layout of controls) and translocation (FKHR-GFP, as BBBC013):

  cellscreen simulate --kind=cardiotox --layout=harmony --output=plates --size_px=256

A small one, of 16 wells and the cells' truth beside; and the same plates with no effect at all:

  cellscreen simulate --kind=cardiotox --layout=imagexpress --output=tiny --compounds=4 --doses=2 \
      --replicates=1 --control_wells=6 --poscon_wells=2 --cell_truth
  cellscreen simulate --kind=cardiotox --output=null --affected_fraction=0

They come with platemap.csv, the same in JUMP's form in metadata/, labels.csv, and the truth in
truth.csv (a row a well), oracle.csv (a row a field) and, on request, cell_truth/.
"""

from __future__ import annotations

import dataclasses
import sys
from pathlib import Path

from absl import flags

from cellscreen import commands
from cellscreen.errors import ConfigError
from cellscreen.simulate.config import CULTURES, SCREEN, CellLine, CultureConfig
from cellscreen.simulate.hcs_config import CONFIGS, HcsConfig

ORACLE_SCORES = "oracle.parquet"
_DEFAULT = CultureConfig()
_NAMES = [line.name for line in _DEFAULT.lines]
# Flag -> what it says; each is the field of CultureConfig of that name.
_COUNTS = {
    "batches": "Repeats of every plate, each with wells of its own.",
    "wells": "Cultures: wells of a plate, or dishes, 1 to 12.",
    "sites": "Cultures and plates: images of a well.",
    "compounds": "Screen and plates: compounds in all.",
    "protectors": "Screen: compounds that protect both lines.",
    "one_line": "Screen: compounds that protect one line only, which the vote must not pass.",
    "toxic": "Screen: compounds that kill cells and protect none.",
    "control_wells": "Screen: vehicle wells at least, for each batch and cell line. Plates: DMSO "
    "wells of a plate map.",
    "control_sites": "Screen: images of a vehicle well.",
    "size_px": "Side of a field in pixels.",
}

# The same for fields of HcsConfig; what is not given is that of the kind.
_PLATE_COUNTS = {
    "doses": "Plates: doses of each compound, the highest first.",
    "replicates": "Plates: wells of each compound and dose in a layout.",
    "plates": "Plates: plates made of each plate map, each a batch.",
    "layouts": "Plates: times that the same wells are dealt anew to other positions.",
    "poscon_wells": "Plates: wells of a plate map with the positive control.",
    "plate_wells": "Plates: 96, 384 or 1536.",
    "bit_depth": "Plates: 16 or 12 bits of the camera.",
    "rendered_fields": "Plates: fields to draw; others are hard links to them, to measure speed.",
}
_PLATE_FLOATS = {
    "affected_fraction": "Plates: share of cells that an active compound changes; 0: no effect.",
    "position_sd": "Plates: how much stains and density change over rows and columns.",
    "batch_sd": "Plates: how much stains differ between plates.",
}
_SHARED = ("seed", "compounds", "sites", "control_wells", "size_px")

FLAGS = flags.FlagValues()
_OUTPUT = flags.DEFINE_string(
    "output", None, "Folder to write, new or begun before.", flag_values=FLAGS, required=True
)
_KIND = flags.DEFINE_enum(
    "kind",
    CULTURES,
    [CULTURES, SCREEN, *CONFIGS],
    "Cultures in both conditions to train on, a screen of compounds under hypoxia, or fluorescence "
    "plates of one of three assays.",
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
_LAYOUT = flags.DEFINE_string(
    "layout",
    "images_csv",
    "Plates: harmony, harmony_v1, harmony_v7, cpjump1, imagexpress, yokogawa, incucyte, ome_zarr, "
    "load_data, deepprofiler, template or images_csv.",
    flag_values=FLAGS,
)
_CELL_TRUTH = flags.DEFINE_bool(
    "cell_truth", False, "Plates: write the true cells of each field, too.", flag_values=FLAGS
)
for _name, _text in _PLATE_COUNTS.items():
    flags.DEFINE_integer(_name, None, _text, flag_values=FLAGS)
for _name, _text in _PLATE_FLOATS.items():
    flags.DEFINE_float(_name, None, _text, flag_values=FLAGS)


def main(argv: list[str]) -> int:
    """Writes the simulation and says where it is."""
    from cellscreen.simulate.writing import simulate

    del argv
    _check_kind()
    output = Path(_OUTPUT.value)
    if _KIND.value in CONFIGS:
        return _write_plates(output)
    table = simulate(_config(), output, _WORKERS.value, progress=_print_progress)
    plates = table["plate"].nunique()
    print(f"{len(table)} simulated images of {plates} plates are in {output}")
    if _CULTURES.value:
        _write_oracle(Path(_CULTURES.value), output)
    return 0


def _write_plates(output: Path) -> int:
    from cellscreen.simulate.hcs_writing import simulate_plates

    config = _plate_config()
    images = simulate_plates(
        config, output, _LAYOUT.value, _WORKERS.value, _CELL_TRUTH.value, _print_progress
    )
    print(f"{images} simulated images ({_KIND.value}, layout {_LAYOUT.value}) are in {output}")
    return 0


def _plate_config() -> HcsConfig:
    """Returns the config of the kind with what was given by flags in its place."""
    names = (*_SHARED, *_PLATE_COUNTS, *_PLATE_FLOATS)
    given = {name: FLAGS[name].value for name in names if FLAGS[name].present}
    return dataclasses.replace(CONFIGS[_KIND.value], **given)


def _check_kind() -> None:
    """Refuses flags that the chosen kind would not heed."""
    plates = {*_PLATE_COUNTS, *_PLATE_FLOATS, "layout", "cell_truth"}
    cultures = {"cultures", "difficulty", "cell_lines", "hours", "concentrations_um"}
    cultures |= {"sites_of_wells", "batches", "wells", "protectors", "one_line", "toxic"}
    kind = _KIND.value
    for name in sorted(cultures if kind in CONFIGS else plates):
        if FLAGS[name].present:
            raise ConfigError(f"Expected no --{name} with --kind={kind}, got one.")


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
