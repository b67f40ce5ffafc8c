"""A refusal reads as a colleague would say it: what, which item, since when, what to do next."""

from pathlib import Path

from azstaging.model.records import RecordType


def test_every_held_item_says_what_to_do_next(bench):
    b = bench()
    plan = b.approved()
    b.fault("job-failed", "DELETE *")
    first = b.release(plan)
    b.state.change(b.state.item_id("file-01"), {"properties.migrationState": "Replicating"})
    second = b.release(plan)
    for held in (*first.held, *second.held):
        assert held.name
        assert held.reason
        assert held.next_step.endswith(".")
    again = {b.held(second)[key]: key for key in b.held(second)}
    attempted = next(h for h in second.held if "attempted under this plan" in h.reason)
    assert f"Since {first.receipts[0].at:%Y-%m-%d %H:%M} UTC" in attempted.next_step
    assert "plan it again" in attempted.next_step
    changed = next(h for h in second.held if h.changes)
    assert "approved again" in changed.next_step
    assert len(again) >= 2


def test_a_file_named_stop_halts_within_one_item(bench):
    b = bench()
    plan = b.approved()
    stop = Path(b.folder / "estate" / "stop")
    b.later(lambda _state: stop.write_text("16:05, ask me first"), "DELETE *")
    result = b.release(plan)
    assert sum(b.sent().values()) == 1
    assert [r.state.value for r in result.receipts] == ["done"]
    assert all("asked to halt" in held.reason for held in result.held)
    assert len(b.records(RecordType.INTENT)) == 1
    stop.unlink()
    b.azure.script.set(())
    assert b.release(plan).clean
