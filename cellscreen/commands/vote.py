"""Rank compounds by the vote of two experts, with intervals and error rate.

Reads the score tables of both experts (one parquet for each cell line, made by `cellscreen
score`) and compares each compound with the vehicle in hypoxia of its own cell line and batch.
Writes into --output:

  hits.csv       every treatment, ranked: scores of both lines, differences with 95 % intervals,
                 p, q, the paper's rule and the verdict; at its end those without a vote and why
  doses.csv      scores by concentration, if compounds have several
  votes.parquet  the same for programs; votes.json: controls, warnings, settings

  cellscreen vote --scores=ac16.parquet,h9c2.parquet --output=votes

The paper's rule keeps a compound if both scores lie below their controls. About a quarter of
inactive compounds passes that by chance (two coin flips), so "active" here also wants q <= --fdr:
permutation tests over wells, the larger p of both lines, Benjamini-Hochberg over the treatments.
With --truth=truth.csv (simulated screens only) precision.csv says how many of each rule are right.
"""

from __future__ import annotations

import sys
from pathlib import Path

from absl import flags

from cellscreen import commands
from cellscreen.fitting.flags import config_from_flags, define_flags
from cellscreen.screening.config import VoteConfig

FLAGS = flags.FlagValues()
_SCORES = flags.DEFINE_list(
    "scores", None, "Score parquets, separated by commas.", flag_values=FLAGS, required=True
)
_OUTPUT = flags.DEFINE_string(
    "output", None, "Folder of the results.", flag_values=FLAGS, required=True
)
_TRUTH = flags.DEFINE_string(
    "truth", None, "Hidden truth of a simulated screen (pert_iname, kind).", flag_values=FLAGS
)
define_flags(VoteConfig, FLAGS)


def main(argv: list[str]) -> int:
    """Votes, writes and prints."""
    from cellscreen.screening.hits import vote_text, write_votes
    from cellscreen.screening.scores import join_scores, read_scores
    from cellscreen.screening.truth import precision_against_truth, read_truth, write_precision
    from cellscreen.screening.votes import vote

    del argv
    folder = Path(_OUTPUT.value)
    truth = read_truth(_TRUTH.value) if _TRUTH.value else None
    scores = join_scores([read_scores(path) for path in _SCORES.value])
    result = vote(scores, config_from_flags(VoteConfig, FLAGS))
    paths = write_votes(result, folder)
    print(vote_text(result))
    if truth is not None:
        precision = precision_against_truth(result.table, truth)
        paths["precision.csv"] = folder / "precision.csv"
        write_precision(precision, paths["precision.csv"])
        print(f"\nAgainst the truth of the simulation:\n{precision.to_string(index=False)}")
    print("", *(f"{name}: {path}" for name, path in paths.items()), sep="\n")
    return 0


if __name__ == "__main__":
    sys.exit(commands.run(sys.modules[__name__], sys.argv[1:]))
