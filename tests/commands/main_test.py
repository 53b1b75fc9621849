"""The console script: verbs, flags, recipes and exit statuses."""

import logging
import os
import re
import subprocess
import sys
import types

import pytest
from absl import flags

from cellscreen import commands
from cellscreen.errors import ImageError


def _verb(action=lambda flag_values: None):
    """A verb's module with one number flag; `action` gets the parsed flags."""
    module = types.ModuleType("recount", "Count anew.\n\nIt counts.")
    module.FLAGS = flags.FlagValues()
    flags.DEFINE_integer("wells", 96, "Number of wells.", 1, flag_values=module.FLAGS)
    flags.DEFINE_string("images", None, "Folder.", flag_values=module.FLAGS, required=True)
    module.main = lambda argv: action(module.FLAGS)
    return module


@pytest.mark.parametrize(("argv", "status"), [([], 2), (["--help"], 0), (["help"], 0), (["-h"], 0)])
def test_overview_lists_every_verb_with_a_summary(capsys, argv, status):
    assert commands.main(argv) == status
    lines = capsys.readouterr().out.splitlines()
    for verb in commands.VERBS:
        (line,) = [line for line in lines if line.split()[:1] == [verb]]
        assert line.rstrip().endswith(".")
        assert len(line) <= 100


def test_unknown_verb_is_named_beside_the_known_ones(capsys):
    assert commands.main(["scroe"]) == 2
    message = capsys.readouterr().err
    assert "no verb 'scroe'" in message
    assert all(verb in message for verb in commands.VERBS)


@pytest.mark.parametrize("verb", list(commands.VERBS))
def test_help_of_a_verb_explains_it_and_its_flags(capsys, verb):
    assert commands.main([verb, "--help"]) == 0
    text = capsys.readouterr().out
    assert f"Usage: cellscreen {verb} [--flags]" in text
    assert "--flagfile" in text
    assert "\n  --" in text
    assert f"cellscreen {verb} --" in text, "the docstring has no example"


@pytest.mark.parametrize("verb", list(commands.VERBS))
def test_unknown_flag_of_a_verb_is_refused(capsys, verb):
    assert commands.main([verb, "--no_such_flag=1"]) == 2
    message = capsys.readouterr().err
    assert f"cellscreen {verb}: Unknown command line flag 'no_such_flag'" in message
    assert f"See cellscreen {verb} --help." in message


def test_required_flag_is_asked_for(capsys):
    assert commands.run(_verb(), [], name="cellscreen recount") == 2
    assert "images" in capsys.readouterr().err


def test_words_are_refused_but_where_a_verb_takes_them(capsys):
    assert commands.run(_verb(), ["--images=a", "b"]) == 2
    assert "Expected flags only; got the word 'b'." in capsys.readouterr().err
    seen, verb = [], _verb()
    verb.WORDS, verb.main = "plates", seen.append
    assert commands.run(verb, ["b", "--images=a", "c"], name="recount") == 0
    assert seen == [["recount", "b", "c"]]
    assert commands.run(verb, ["--help"], name="recount") == 0
    assert "Usage: recount [--flags] [plates …]" in capsys.readouterr().out


def test_value_out_of_bounds_is_refused(capsys):
    assert commands.run(_verb(), ["--images=a", "--wells=0"]) == 2
    assert "wells" in capsys.readouterr().err


def test_flagfile_gives_flags_and_later_words_win(tmp_path):
    recipe = tmp_path / "quick.flags"
    recipe.write_text("# a plate\n--images=plate_1\n--wells=384\n")
    seen = []
    verb = _verb(lambda values: seen.append((values.images, values.wells)))
    assert commands.run(verb, [f"--flagfile={recipe}"]) == 0
    assert commands.run(verb, [f"--flagfile={recipe}", "--wells=24"]) == 0
    assert seen == [("plate_1", 384), ("plate_1", 24)]


def test_flags_of_one_call_do_not_leak_into_the_next(capsys):
    seen = []
    verb = _verb(lambda values: seen.append(values.wells))
    assert commands.run(verb, ["--images=a", "--wells=24"]) == 0
    assert commands.run(verb, ["--images=a"]) == 0
    assert seen == [24, 96]
    assert commands.run(verb, []) == 2


def test_flagfile_with_an_unknown_flag_is_refused(tmp_path, capsys):
    recipe = tmp_path / "old.flags"
    recipe.write_text("--images=plate_1\n--welsl=384\n")
    assert commands.run(_verb(), [f"--flagfile={recipe}"]) == 2
    assert "'welsl'" in capsys.readouterr().err


def test_flagfile_that_is_missing_is_named(tmp_path, capsys):
    assert commands.run(_verb(), [f"--flagfile={tmp_path / 'none.flags'}"]) == 2
    assert "none.flags" in capsys.readouterr().err


def _failing(error):
    def action(values):
        raise error

    return _verb(action)


def test_error_of_ours_is_one_message_and_status_2(capsys):
    error = ImageError("Expected an image, got 0 bytes.", file="a.tif", well="A01", fix="Redo it.")
    assert commands.run(_failing(error), ["--images=a"], name="cellscreen recount") == 2
    assert capsys.readouterr() == (
        "",
        "cellscreen recount: Expected an image, got 0 bytes. [file a.tif, well A01] Redo it.\n",
    )


def test_interruption_is_status_130(capsys):
    assert commands.run(_failing(KeyboardInterrupt()), ["--images=a"], name="recount") == 130
    assert capsys.readouterr().err == "recount: stopped.\n"


def test_defect_of_ours_keeps_its_traceback():
    with pytest.raises(ZeroDivisionError):
        commands.run(_failing(ZeroDivisionError()), ["--images=a"])


@pytest.mark.parametrize(("returned", "status"), [(None, 0), (0, 0), (1, 1)])
def test_what_main_returns_is_the_status(returned, status):
    assert commands.run(_verb(lambda values: returned), ["--images=a"]) == status


def test_a_file_that_cannot_be_written_is_one_message_and_status_2(capsys):
    error = PermissionError(13, "Permission denied", "/proc/scores.parquet")
    assert commands.run(_failing(error), ["--images=x"]) == 2
    assert "Permission denied: '/proc/scores.parquet'" in capsys.readouterr().err


def test_a_pipe_that_nobody_reads_ends_the_verb_quietly():
    read, write = os.pipe()
    os.close(read)
    words = [sys.executable, "-c", "import sys; from cellscreen import commands; "]
    words[-1] += "sys.exit(commands.main(['check', '--help']))"
    found = subprocess.run(words, stdout=write, stderr=subprocess.PIPE, check=False)
    os.close(write)
    assert (found.returncode, found.stderr) == (141, b"")


def test_what_is_logged_is_one_line_without_a_warning_of_the_library(capsys):
    def action(values):
        logging.getLogger("cellscreen.plates").info("Read %d wells.", values.wells)

    assert commands.run(_verb(action), ["--images=a"]) == 0
    assert re.fullmatch(r"\d\d:\d\d:\d\d Read 96 wells\.\n", capsys.readouterr().err)
