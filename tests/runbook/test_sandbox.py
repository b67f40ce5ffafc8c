"""The runbooks do their work in what a sandbox allows."""

import pytest

import azstaging
from azstaging.model.ids import id_key
from azstaging.runbook.streams import RECORD_BYTES


def behaved(job):
    """Assert what a sandbox demands of every job."""
    assert job.seen is not None, job.stdout + job.stderr
    assert job.stderr == ""
    assert job.seen["stderr"] == job.seen["children"] == job.seen["addresses"] == []
    assert job.seen["peak_mib"] <= 400
    assert max(len(line.encode()) for line in job.lines) < RECORD_BYTES
    assert "a-secret-header" not in job.stdout
    assert "eyJ" not in job.stdout
    return job


def test_the_runtime_is_python_310(account):
    """Azure Automation's newest documented runtime; the other tests run on what there is."""
    job = behaved(account("azstaging_self_test.py"))
    if job.seen["python"] != [3, 10]:
        pytest.skip("python 3.10 with the bundle is needed (AZSTAGING_SANDBOX_PYTHON)")
    assert job.lines[0].startswith(f"azstaging {azstaging.__version__}, Python 3.10.")


def test_the_whole_staging_run_as_runbooks(account):
    test = behaved(account("azstaging_self_test.py"))
    assert test.finished
    assert "automationassets: there" in test.lines
    assert any(line.startswith("package: azure-core ") for line in test.lines)
    assert any("missing Microsoft.RecoveryServices/" in line for line in test.lines)
    assert not account.estate.exists(), "a self-test needs no journal and makes none"

    assessed = behaved(account("azstaging_assess.py"))
    assert assessed.finished, assessed.stdout
    assert assessed.seen["code"] == 0
    assert any(line.startswith("WARNING: gap: ") for line in assessed.lines)
    assert any(line.startswith("WARNING: gate closed: ") for line in assessed.lines)

    out = account.folder / "reports"
    reported = behaved(account("azstaging_report.py", str(out), "apply"))
    assert reported.finished, reported.stdout
    assert (out / "engineer.html").is_file()
    assert any(line.startswith("boards, written: ") for line in reported.lines)

    with azstaging.Journal.open(account.estate) as journal:
        planner = account.staging("planner", journal)
        plan = planner.plan(planner.decide(planner.inventory()).open)

    refused = behaved(account("azstaging_release.py", plan.digest, "execute", identity="releaser"))
    assert refused.seen["code"] == 1
    assert refused.lines[-2].startswith("ERROR: ")
    assert account.azure.state.stops == []

    with azstaging.Journal.open(account.estate) as journal:
        account.staging("approver", journal).approve(plan, comment="CHG-4471")
    dry = behaved(account("azstaging_release.py", plan.digest, identity="releaser"))
    assert dry.finished
    assert account.azure.state.stops == []
    done = behaved(account("azstaging_release.py", plan.digest, "execute", identity="releaser"))
    assert done.finished, done.stdout
    assert {stop.item_id.casefold() for stop in account.azure.state.stops} == {
        id_key(item.id) for item in plan.items
    }
