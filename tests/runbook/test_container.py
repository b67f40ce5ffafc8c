"""The runbooks on a blob container: journal and reports, killed and started again."""

from collections import Counter
from urllib.parse import urlsplit

import pytest

import azstaging
from azstaging.journal.container import Container
from azstaging.model.ids import id_key
from azstaging.model.plans import ReceiptState


@pytest.fixture
def cloud(account, url):
    account.container = url
    return account


def behaved(job):
    assert job.seen is not None, job.stdout + job.stderr
    assert job.stderr == ""
    assert job.seen["stderr"] == job.seen["children"] == job.seen["addresses"] == []
    assert job.seen["peak_mib"] <= 400
    assert job.finished, job.stdout
    return job


def test_assess_report_and_release_leave_all_in_a_container(cloud):
    for kill in ({"kill_at_request": 40}, {"kill_at_line": 6}):
        assert cloud("azstaging_assess.py", **kill).returncode == -9
    assessed = behaved(cloud("azstaging_assess.py"))
    assert f"journal {cloud.container} at record " in assessed.lines[-1]

    again = behaved(cloud("azstaging_assess.py"))
    assert ", 0 of them checked now; " in again.lines[-1], "what was checked is not lost with a job"

    out = f"{cloud.container}/reports/wave 1"
    reported = behaved(cloud("azstaging_report.py", out))
    assert any(line.endswith(f" files in {out}") for line in reported.lines)
    written = Container(out)
    assert "engineer.html" in written.names("")
    assert written.read("engineer.html").data.startswith(b"<!doctype html>")
    assert urlsplit(cloud.container).query == ""

    with azstaging.Journal.open(cloud.container) as journal:
        planner = cloud.staging("planner", journal)
        plan = planner.plan(planner.decide(planner.inventory()).open)
        cloud.staging("approver", journal).approve(plan, comment="CHG-4471")
    done = behaved(cloud("azstaging_release.py", plan.digest, "execute", identity="releaser"))
    assert f"journal {cloud.container} at record " in done.lines[-1]
    stops = Counter(stop.item_id.casefold() for stop in cloud.azure.state.stops)
    assert stops == dict.fromkeys([id_key(item.id) for item in plan.items], 1)
    receipts = azstaging.Journal.read(cloud.container).history().receipts()
    assert {receipt.state for receipt in receipts} == {ReceiptState.DONE}
    assert len(receipts) == len(plan.items)
    assert azstaging.Journal.verify_at(cloud.container).ok
    assert not (cloud.folder / "estate").exists()


def test_the_configured_container_is_the_journal_where_no_parameter_names_one(cloud):
    text = cloud.variables["azstaging"]
    before, _, after = text.partition("[journal]\n")
    rest = after.partition("\n")[2]
    cloud.variables["azstaging"] = f'{before}[journal]\nurl = "{cloud.container}"\n{rest}'
    named, cloud.container = cloud.container, "-"
    assert f"journal {named} at record " in behaved(cloud("azstaging_assess.py")).lines[-1]
