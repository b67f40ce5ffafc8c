"""Every row of what the trusted tools get wrong, and what a release promises in its place.

The rows are those of the table of client behaviour (a re-sent POST, a 202 without headers, an
operation that answers nonsense, a process that ends) and the traps of the service (a success with
an error in it, ``Cancelled``, signed URLs, no ETag).
"""

import json
import re
from pathlib import Path

import pytest

import azstaging
from azstaging.cli import exit_codes

ONE = {"Files": ("file-01",)}
TWO_KINDS = {"Files": ("file-01",), "Directory": ("directory-01",)}
DELETE, REMOVE = "DELETE *replicationmigrationitems/*", "POST *replicationprotecteditems/*/remove"
OPERATION = ("GET */replicationoperationstatus/*", "GET */operationresults/*")
JOBS = "GET */replicationjobs*"

# what the server does to the POST, the receipt that we promise
POSTS = [
    pytest.param("status", {"status": 500}, "none", id="500"),
    pytest.param("status", {"status": 503}, "none", id="503"),
    pytest.param("status", {"status": 409, "retry_after_seconds": 1}, "none", id="409-retry-after"),
    pytest.param("drop", {}, "none", id="dropped-before-the-effect"),
    pytest.param("drop-after", {}, "done", id="dropped-after-the-effect"),
    pytest.param("bare-202", {}, "done", id="202-without-polling-headers"),
    pytest.param("status-after", {"status": 500}, "done", id="500-after-the-effect"),
    pytest.param("body", {"text": "{}"}, "done", id="200-without-polling-headers"),
    pytest.param("body", {"text": "<html>sign in</html>"}, "done", id="200-from-a-proxy"),
]


@pytest.mark.parametrize(("kind", "options", "promised"), POSTS)
def test_a_remove_is_posted_once(bench, kind, options, promised):
    b = bench({"Directory": ("directory-01",)})
    plan = b.approved()
    b.fault(kind, REMOVE, **options)
    result = b.release(plan)
    assert b.states(result) == {"directory-01": promised}
    assert b.sent() == {"directory-01": 1}
    b.release(plan)
    assert b.sent() == {"directory-01": 1}


NONSENSE = [
    pytest.param("body", {"text": "{}"}, id="empty-object"),
    pytest.param("body", {"text": ""}, id="empty"),
    pytest.param("body", {"text": "<html>sign in</html>"}, id="html"),
    pytest.param("body", {"text": '{"status": "Kaput"}'}, id="unknown-status"),
    pytest.param("body", {"text": '{"status": "Cancelled"}'}, id="cancelled"),
    pytest.param("status", {"status": 404}, id="404"),
    pytest.param("status", {"status": 403}, id="403"),
    pytest.param("status", {"status": 503}, id="503-for-ever"),
    pytest.param("drop", {}, id="dropped"),
]


@pytest.mark.parametrize(("kind", "options"), NONSENSE)
def test_what_the_operation_says_decides_nothing(bench, kind, options):
    """Its URL is signed, and its answers lie: it is not even asked."""
    b = bench(ONE)
    plan = b.approved()
    for match in OPERATION:
        b.fault(kind, match, times=0, **options)
    result = b.release(plan)
    assert b.states(result) == {"file-01": "done"}
    assert exit_codes.of_release(result) == exit_codes.DONE
    asked = [r.path.casefold() for r in b.azure.requests]
    assert not [path for path in asked if "operationstatus" in path or "operationresult" in path]


@pytest.mark.parametrize(("kind", "options"), NONSENSE)
def test_jobs_that_nobody_can_read_are_unknown_and_never_sent_again(bench, kind, options):
    b = bench(ONE)
    plan = b.approved()
    # Before the first stop they are readable: else nothing would be sent at all.
    b.fault(kind, JOBS, times=0, after=1, **options)
    result = b.release(plan)
    assert b.states(result) == {"file-01": "unknown"}
    assert exit_codes.of_release(result) == exit_codes.PARTLY
    b.azure.script.set(())
    assert b.states(b.release(plan)) == {"file-01": "done"}
    assert b.sent() == {"file-01": 1}


def test_a_cancelled_job_ends_the_waiting(bench):
    """T9: azure-core would poll for ever; the double l is known here, and it is a failure."""
    b = bench(TWO_KINDS)
    plan = b.approved()
    for match in (DELETE, REMOVE):
        b.fault("job-cancelled", match)
    result = b.release(plan)
    assert list(b.states(result).values()) == ["failed"]
    assert any("Cancelled" in line for line in result.receipts[0].witnesses)
    assert sum(b.sent().values()) == 1


@pytest.mark.parametrize("match", [DELETE, REMOVE])
def test_a_success_with_an_error_in_it_counts_once_the_item_is_gone(bench, match):
    """T8: the error is a note; job, item and target machine are what decides."""
    b = bench(TWO_KINDS)
    plan = b.approved()
    b.fault("operation-error", match)
    assert set(b.states(b.release(plan)).values()) == {"done"}


def test_no_signed_url_is_written_down(bench, caplog):
    """T11: operation URLs carry a signature; only the job's id is kept."""
    b = bench(TWO_KINDS)
    plan = b.approved()
    with caplog.at_level("DEBUG"):
        result = b.release(plan)
    b.leave()
    kept = [json.dumps(str(result)), caplog.text]
    kept += [p.read_text("utf-8") for p in (b.folder / "estate").rglob("*") if p.is_file()]
    assert any(receipt.job_id in text for receipt in result.receipts for text in kept)
    for text in kept:
        assert not re.search(r"[?&][tcsh]=[\w%-]{8,}", text)


def test_without_an_etag_the_last_look_is_right_before_the_request(bench):
    """T12: nothing stands between look and request on the same item."""
    b = bench(ONE)
    plan = b.approved()
    b.release(plan)
    order = [(r.method, r.path.casefold()) for r in b.azure.requests]
    place = next(i for i, (method, _) in enumerate(order) if method == "DELETE")
    item, target = b.state.item_id("file-01"), b.state.vm_id("file-01")
    assert order[place - 2 : place] == [("GET", item.casefold()), ("GET", target.casefold())]
    assert not [r for r in b.azure.requests if "if-match" in r.headers]


def test_nothing_is_kept_that_could_send_the_token_elsewhere():
    """No poller, no continuation token: what a stranger could tamper with does not exist."""
    root = Path(azstaging.__file__).parent
    text = "\n".join(p.read_text("utf-8") for p in root.rglob("*.py"))
    assert "continuation_token" not in text
    assert ".result(" not in (root / "azure" / "siterecovery.py").read_text("utf-8")
