"""Run the whole way once on simulated cultures, from images to a report.

Simulates labelled AC16 and H9C2 cultures and a screen of 40 compounds (8 of them protect), trains
one expert per cell line on all its hours (the hypoxia paper's Hybrid group), exports both, scores
the screen with the exports, votes, and writes one HTML report. Every step is the verb of its name,
and prints itself as a command you can give for your own images. Everything made is marked
simulated. Given again after an interruption, it goes on where it stopped.

  cellscreen demo --output=demo
"""

from __future__ import annotations

import shlex
import sys
import time
from pathlib import Path

from absl import flags

from cellscreen import commands
from cellscreen.errors import CellscreenError, ConfigError

FLAGS = flags.FlagValues()
_OUTPUT = flags.DEFINE_string("output", "demo", "Folder of everything made.", flag_values=FLAGS)
LINES = ("AC16", "H9C2")


def main(argv: list[str]) -> int:
    """Runs every step and prints where the results are."""
    del argv
    started, out = time.monotonic(), Path(_OUTPUT.value)
    if "," in _OUTPUT.value:
        raise ConfigError(f"Expected an --output without comma; got {_OUTPUT.value!r}.")
    for words in steps(out):
        print(f"\n$ cellscreen {shlex.join(words)}", flush=True)
        status = commands.main(words)
        if status == commands.INTERRUPTED:
            return status
        if status:
            raise CellscreenError(
                f"The step {words[0]!r} failed; its message is above.",
                fix="Mend it and give the same command again: it goes on with this step.",
            )
    print(f"\nDone in {time.monotonic() - started:.0f} s, all on SIMULATED images.")
    print(f"report:      {out / 'report.html'}")
    print(f"hits:        {out / 'votes' / 'hits.csv'}")
    for line in LINES:
        low = line.lower()
        print(f"{line} scores: {out / 'scores' / low}.parquet")
        print(f"{line} model:  {out / 'models' / low} (TensorFlow Serving's model_base_path)")
    print(f"curves:      tensorboard --logdir {out / 'runs'}")
    return 0


def steps(out: Path) -> list[list[str]]:
    """The words of every command, in order, for the output folder `out`."""
    cultures, screen, votes = out / "cultures", out / "screen", out / "votes"
    words = [
        ["simulate", "--kind=cultures", "--sites=4", f"--output={cultures}"],
        ["simulate", "--kind=screen", f"--cultures={cultures}", f"--output={screen}"],
        ["check", f"--images={cultures}"],
        ["build", f"--images={cultures}", "--dataset=hypoxia", f"--data_dir={out / 'records'}"],
    ]
    for line in LINES:
        run, model = out / "runs" / line.lower(), out / "models" / line.lower()
        words += [
            [
                *("train-edges", "--flagfile=quick.flags", f"--data_dir={out / 'records'}"),
                *(f"--where=cell_line={line}", f"--workdir={run}"),
            ],
            ["export", f"--run={run}", f"--output={model}"],
            [
                *("score", f"--model={model}", f"--images={screen}"),
                *(f"--where=cell_line={line}", f"--output={_scores(out, line)}"),
            ],
        ]
    experts = ",".join(str(_scores(out, line)) for line in LINES)
    runs = ",".join(str(out / "runs" / line.lower()) for line in LINES)
    truth = f"--truth={screen / 'truth.csv'}"
    return [
        *words,
        ["vote", f"--scores={experts}", truth, f"--output={votes}"],
        [
            "vote",
            f"--scores={screen / 'oracle.parquet'}",
            truth,
            f"--output={out / 'oracle_votes'}",
        ],
        [
            *(
                "report",
                f"--runs={runs}",
                f"--hits={votes}",
                f"--oracle_hits={out / 'oracle_votes'}",
            ),
            *(f"--images={cultures},{screen}", truth, f"--output={out / 'report.html'}"),
        ],
    ]


def _scores(out: Path, line: str) -> Path:
    return out / "scores" / f"{line.lower()}.parquet"


if __name__ == "__main__":
    sys.exit(commands.run(sys.modules[__name__], sys.argv[1:]))
