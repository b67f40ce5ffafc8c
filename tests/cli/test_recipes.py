"""The recipes for pipelines, up to the command."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
RECIPES = re.findall(
    r"```yaml\n(.*?)```", (ROOT / "docs/howto/approve.md").read_text("utf-8"), re.DOTALL
)


@pytest.mark.parametrize("recipe", RECIPES, ids=["azure-pipelines", "github"])
def test_the_commands_of_a_recipe_work_in_their_order(world, recipe):
    """Up to the command: each is run as the identity whose connection it is under."""
    who = None
    ran = []
    for line in recipe.splitlines():
        found = re.search(r"staging-(planner|approver|releaser)\b", line)
        who = found.group(1) if found else who
        if line.strip().startswith("azstaging "):
            words = re.findall(r'"[^"]*"|\S+', line.strip())[1:]
            done = world(*(word.strip('"') for word in words), who=who)
            assert done.code == 0, (line, done.stderr)
            ran.append((who, words[0]))
    assert ran == [
        ("planner", "baseline"),
        ("planner", "check"),
        ("planner", "plan"),
        ("approver", "approve"),
        ("releaser", "release"),
    ]
    assert [r.method for r in world.azure.requests if r.method != "GET"]
