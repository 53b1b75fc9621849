import pytest

from cellscreen import commands
from cellscreen.commands.steps import Step, take_steps
from cellscreen.comparators.step_marks import seconds_of_steps, step_mark
from cellscreen.errors import CellscreenError


@pytest.fixture
def told():
    return []


def plan(told):
    def step(name, part):
        return Step(name, call=lambda: told.append(name), about=f"does {name}", part=part)

    return [step("a", "one"), step("b", "one"), step("c", "two")]


def test_steps_are_taken_in_order_with_a_pause_between_parts(told, tmp_path, capsys):
    assert take_steps(plan(told), tmp_path, lambda: told.append("between")) == 0
    assert told == ["a", "b", "between", "c"]
    assert "[2 of 3] b: does b" in capsys.readouterr().out


def test_what_is_done_is_not_done_again(told, tmp_path):
    take_steps(plan(told)[:2], tmp_path, lambda: None)
    told.clear()
    take_steps(plan(told), tmp_path, lambda: told.append("between"))
    assert told == ["between", "c"]
    assert seconds_of_steps(tmp_path) >= 0


def test_a_step_that_fails_is_not_marked(tmp_path, monkeypatch):
    monkeypatch.setattr(commands, "main", lambda words: 2)
    with pytest.raises(CellscreenError, match="The step a failed; its message is above"):
        take_steps([Step("a", ("check",))], tmp_path, lambda: None)
    assert not step_mark(tmp_path, "a").exists()


def test_a_users_interruption_ends_the_plan(told, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(commands, "main", lambda words: commands.INTERRUPTED)
    steps = [Step("a", ("check", "--images=my plates")), *plan(told)[1:]]
    assert take_steps(steps, tmp_path, lambda: None) == commands.INTERRUPTED
    assert "$ cellscreen check '--images=my plates'" in capsys.readouterr().out
    assert not told
