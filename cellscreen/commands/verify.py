"""Check prepared plates: every file against the manifest that was written with it.

Finds shards that are missing, cut (at the end of a record too) or changed by a single bit, files
that do not belong there, folders that an interrupted build left, and records of another schema.

  cellscreen verify --data_dir=records

Prints a line for each prepared folder and each fault. The exit status is 0 if all is whole, else 1.
"""

from __future__ import annotations

import sys
from pathlib import Path

from absl import flags

from cellscreen import commands

FLAGS = flags.FlagValues()
_DATA_DIR = flags.DEFINE_string(
    "data_dir",
    None,
    "Root folder of prepared plates, or one prepared folder.",
    flag_values=FLAGS,
    required=True,
)
WHOLE, FAULTY = 0, 1


def main(argv: list[str]) -> int:
    """Checks the folders and says what is wrong with each."""
    from cellscreen.records.verify import verify_root

    del argv
    root = Path(_DATA_DIR.value)
    checked = verify_root(root)
    for one in checked:
        place = one.folder.relative_to(root) if one.folder != root else one.folder.name
        print(f"{'FAULT' if one.faults else 'whole'}  {place}: {one.records} records")
        for fault in one.faults:
            print(f"       {fault.file.name}: {fault.text}")
    faulty = sum(bool(one.faults) for one in checked)
    print(f"{len(checked) - faulty} of {len(checked)} prepared folders are whole.")
    return FAULTY if faulty else WHOLE


if __name__ == "__main__":
    sys.exit(commands.run(sys.modules[__name__], sys.argv[1:]))
