"""The smoke script runs, and fails where a net does."""

import math

import pytest

import smoke


@pytest.fixture
def plain_only(monkeypatch):
    monkeypatch.setattr(smoke, "WAYS", (("float32", False),))
    return ["--nets=plain", "--steps=1"]


def test_it_prints_the_device_and_a_line_a_net(plain_only, capsys):
    assert smoke.main(plain_only) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "backend: tensorflow"
    assert "devices: " in lines[2]
    assert lines[-2:-1] == ["ms a step (s for the first) | float32"]
    assert lines[-1].startswith("plain | ")


def test_a_loss_that_is_not_finite_ends_with_status_1(plain_only, monkeypatch, capsys):
    monkeypatch.setattr(smoke, "trained", lambda *words: lambda steps: math.nan)
    assert smoke.main(plain_only) == 1
    assert "A loss is not finite" in capsys.readouterr().err
