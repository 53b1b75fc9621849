import os
import subprocess

import pytest

from cellscreen.fitting.provenance import git_commit


def git(folder, *words):
    """Runs git in a folder, out of reach of the caller's settings, hooks and checkout."""
    author = ["-c", "user.name=a", "-c", "user.email=a@b.c"]
    alone = {k: v for k, v in os.environ.items() if not k.startswith("GIT_")}
    done = subprocess.run(
        ["git", *author, "-C", folder, *words],
        check=True,
        capture_output=True,
        text=True,
        env=alone | {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull},
    )
    return done.stdout.strip()


@pytest.fixture
def checkout(tmp_path):
    package = tmp_path / "package"
    package.mkdir()
    (package / "code.py").write_text("")
    git(tmp_path, "init", "-q")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "-q", "-m", "first")
    return package


def test_the_commit_is_that_of_the_checkout(checkout):
    assert git_commit(checkout) == git(checkout, "rev-parse", "HEAD")


def test_a_tag_does_not_stand_for_the_commit(checkout):
    git(checkout, "tag", "v1")
    git(checkout, "tag", "-a", "v2", "-m", "second")
    assert git_commit(checkout) == git(checkout, "rev-parse", "HEAD")


def test_a_checkout_that_a_hook_speaks_of_does_not_count(checkout, tmp_path, monkeypatch):
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "elsewhere"))
    assert git_commit(checkout) == git(checkout, "rev-parse", "HEAD")


def test_changed_files_are_told(checkout):
    (checkout / "code.py").write_text("1")
    assert git_commit(checkout) == git(checkout, "rev-parse", "HEAD") + "-dirty"


def test_a_package_installed_inside_a_checkout_of_something_else_has_no_commit(checkout):
    installed = checkout.parent / "env" / "site-packages"
    installed.mkdir(parents=True)
    (installed / "code.py").write_text("")
    assert git_commit(installed) == ""


def test_outside_git_or_without_git_there_is_none(tmp_path, monkeypatch, checkout):
    assert git_commit(tmp_path.parent) == ""
    assert git_commit(tmp_path / "absent") == ""
    monkeypatch.setenv("PATH", "")
    assert git_commit(checkout) == ""
