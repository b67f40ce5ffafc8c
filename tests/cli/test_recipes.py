"""The recipes for pipelines, up to the command: each job begins in an empty folder of its own."""

import re
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
RECIPES = re.findall(
    r"```yaml\n(.*?)```", (ROOT / "docs/howto/approve.md").read_text("utf-8"), re.DOTALL
)
NAMES = ["azure-pipelines", "github"]
JOB = re.compile(r"^  - (?:job|deployment): (\w+)$|^  (?!jobs)(\w+):$", re.MULTILINE)


def jobs_of(recipe):
    """Return (name, text) of each job, in order."""
    starts = list(JOB.finditer(recipe))
    ends = [start.start() for start in starts[1:]] + [len(recipe)]
    return [
        (start.group(1) or start.group(2), recipe[start.end() : end])
        for start, end in zip(starts, ends, strict=True)
    ]


class Runner:
    """What a pipeline gives to its jobs: a checkout, artifacts, and a journal that all reach.

    Azure Pipelines checks out into ``s`` of a workspace and puts an artifact beside it; GitHub puts
    both into the workspace.
    """

    def __init__(self, world, desk, folder):
        self.world, self.desk, self.folder = world, desk, folder
        self.ran = []

    def run(self, name, text):
        workspace = self.folder / name
        azure = "- task: AzureCLI" in text
        sources = workspace / "s" if azure else workspace
        sources.mkdir(parents=True)
        who = re.search(r"staging-(planner|approver|releaser)\b", text.replace("-approval", ""))
        desk = replace(
            self.desk,
            folder=sources,
            token_of=self.world.azure.token,
            environment={"AZSTAGING_JOURNAL": str(self.folder / "estate")},
        )
        for line in text.splitlines():
            step = line.strip()
            if step in {"- checkout: self", "- uses: actions/checkout@v4"}:
                for each in ("azstaging.toml", "expected.csv"):
                    shutil.copy(self.world.folder / each, sources)
            elif step in {"- download: current", "- uses: actions/download-artifact@v4"}:
                to = workspace / "wave-plan" if azure else sources
                shutil.copytree(self.folder / "wave-plan", to, dirs_exist_ok=True)
            elif step.startswith("azstaging "):
                words = re.findall(r'"[^"]*"|\S+', step.replace("$(Pipeline.Workspace)", ".."))[1:]
                done = desk(*(word.strip('"') for word in words), who=who.group(1))
                assert done.code == 0, (line, done.stderr)
                self.ran.append((who.group(1), words[0]))
            elif kept := re.fullmatch(r"- publish: (\S+)|.*wave-plan, path: (\S+) }", step):
                (self.folder / "wave-plan").mkdir()
                for file in sources.glob(kept.group(1) or kept.group(2)):
                    shutil.copy(file, self.folder / "wave-plan")


@pytest.mark.parametrize("recipe", RECIPES, ids=NAMES)
def test_the_jobs_of_a_recipe_work_in_their_order(world, desk, tmp_path, recipe):
    """Each is run as the identity whose connection it is under, with what was passed to it."""
    runner = Runner(world, desk, tmp_path / "pipeline")
    for name, text in jobs_of(recipe):
        runner.run(name, text)
    assert runner.ran == [
        ("planner", "baseline"),
        ("planner", "check"),
        ("planner", "plan"),
        ("approver", "approve"),
        ("releaser", "release"),
    ]
    assert [r.method for r in world.azure.requests if r.method != "GET"]


@pytest.mark.parametrize("recipe", RECIPES, ids=NAMES)
def test_each_job_gets_its_configuration_and_the_program(recipe):
    for name, text in jobs_of(recipe):
        assert re.search(r"- checkout: self|- uses: actions/checkout@v4", text), name
        assert 'python -m pip install "azstaging[blob]"' in text, name


def test_a_job_of_github_may_ask_for_a_token():
    """azure/login signs in with it, and a workflow has to ask for it."""
    assert "permissions:\n  id-token: write\n  contents: read\n" in RECIPES[1]
