"""A job that is killed, or that runs out of time, is started again until it is done."""

from collections import Counter
from datetime import datetime, timedelta, timezone

import azstaging
from azstaging.engine.reporting import latest_findings
from azstaging.model.ids import id_key
from azstaging.model.plans import ReceiptState
from azstaging.runbook import assess

NOW = datetime(2026, 1, 1, tzinfo=timezone.utc)


def assessment(account):
    """What an assessment leaves behind, without times and runs."""
    past = azstaging.Journal.read(account.estate).history()
    findings = latest_findings(past, at=NOW, run="")
    return {
        "findings": sorted((f.check, f.subject.id, f.outcome.value) for f in findings),
        "baselines": sorted(past.baselines()),  # they hold the moments at which each Azure began
        "gates": {name: bool(data["open"]) for name, data in past.decisions().items()},
    }


def until_finished(start, most=12):
    """Start a job until it says finished; return the jobs."""
    jobs = []
    while not jobs or not jobs[-1].finished:
        assert len(jobs) < most, jobs[-1].stdout + jobs[-1].stderr
        jobs.append(start(len(jobs)))
    return jobs


def test_an_assessment_killed_anywhere_ends_as_one_that_was_not(accounts):
    whole, broken = accounts
    assert whole("azstaging_assess.py").finished
    requests = len(whole.azure.requests)
    lines = len(whole("azstaging_assess.py").lines)
    kills = [
        {"kill_at_request": requests // 2},
        {"kill_at_line": lines - 30},
        {"kill_at_request": requests - 1},
        {"kill_at_line": 12},
    ]
    jobs = until_finished(
        lambda n: broken("azstaging_assess.py", **(kills[n] if n < len(kills) else {}))
    )
    assert any(job.returncode < 0 for job in jobs)
    assert assessment(broken) == assessment(whole)
    assert azstaging.Journal.verify_at(broken.estate).ok


def approved_plan(account):
    assert account("azstaging_assess.py").finished
    with azstaging.Journal.open(account.estate) as journal:
        planner = account.staging("planner", journal)
        plan = planner.plan(planner.decide(planner.inventory()).open)
        account.staging("approver", journal).approve(plan, comment="CHG-4471")
    return plan


def test_a_release_killed_anywhere_stops_each_item_once(account):
    plan = approved_plan(account)
    before = len(account.azure.requests)
    dry = account("azstaging_release.py", plan.digest, identity="releaser")
    reading = len(account.azure.requests) - before
    assert dry.finished
    kills = [reading // 2, reading + 4, reading + 25, reading + 40]
    jobs = until_finished(
        lambda n: account(
            "azstaging_release.py",
            plan.digest,
            "execute",
            identity="releaser",
            kill_at_request=kills[n] if n < len(kills) else 0,
        )
    )
    assert [job.returncode for job in jobs[: len(kills)]] == [-9] * len(kills)
    stops = Counter(stop.item_id.casefold() for stop in account.azure.state.stops)
    assert stops == dict.fromkeys([id_key(item.id) for item in plan.items], 1)
    past = azstaging.Journal.read(account.estate).history()
    assert {receipt.state for receipt in past.receipts()} == {ReceiptState.DONE}
    assert len(past.receipts()) == len(plan.items)


class Jumping:
    """A clock that is two minutes ahead after so many looks."""

    def __init__(self, looks):
        self.looks = looks

    def __call__(self):
        self.looks -= 1
        ahead = timedelta(minutes=2) if self.looks < 0 else timedelta(0)
        return datetime.now(timezone.utc) + ahead


def test_a_job_whose_time_is_up_says_so_and_the_next_one_goes_on(accounts, capsys, monkeypatch):
    whole, broken = accounts
    assert whole("azstaging_assess.py").finished
    monkeypatch.setenv("IDENTITY_ENDPOINT", f"{broken.azure.url}/msi/token")
    monkeypatch.setenv("IDENTITY_HEADER", "a-secret-header")
    given = [str(broken.folder / "azstaging.toml"), str(broken.estate), "planner", "1"]
    endings, looks = [], 5
    while not endings or not endings[-1].startswith("finished: "):
        assert assess(given, clock=Jumping(looks)) == 0
        endings.append(capsys.readouterr().out.splitlines()[-1])
        looks *= 3
        assert looks < 10**6
    assert len(endings) > 2
    for ending in endings[:-1]:
        assert ending.startswith("WARNING: not finished: Time ")
        assert "Continues from record " in ending
        assert "Start this runbook again with the same parameters" in ending
    assert assessment(broken) == assessment(whole)
