"""Approvals as signed files, k of n named people, hours."""

import base64
import json
import zipfile
from dataclasses import replace
from datetime import timedelta

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519

import azstaging
from azstaging.cli import exit_codes
from azstaging.config_approvers import Approver
from azstaging.errors import ConfigurationError, PlanRefusedError
from azstaging.journal import signing
from azstaging.model.plans import Approval, Principal
from azstaging.model.records import RecordType
from azstaging.rules.approval import approval_plain
from azstaging.rules.canonical import to_plain
from azstaging.rules.plan import plan_bytes, plan_from

ONE = {"Files": ("file-01",)}
HOUR = timedelta(hours=1)


def key_pair(folder, name, key=None):
    key = key or ec.generate_private_key(ec.SECP256R1())
    private, public = folder / f"{name}.pem", folder / f"{name}.pub.pem"
    private.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    public.write_bytes(
        key.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        )
    )
    return private, public


def named(b, *identities):
    """Name some identities as approvers, each with a key pair."""
    approvers = []
    for identity in identities:
        private, public = key_pair(b.folder, identity)
        principal = b.as_(identity).principal()
        approvers.append(Approver(principal=principal, public_key=public, signing_key=private))
    b.config = replace(b.config, approvers=tuple(approvers))


@pytest.fixture
def b(bench):
    made = bench(ONE)
    named(made, "approver")
    return made


def signed(b, plan, **options):
    """Sign on another machine: no journal there."""
    other = azstaging.Staging(
        b.as_("approver")._credential, b.config, clock=b.clock, sleep=b.clock.sleep
    )
    try:
        return other.sign_approval(plan, comment="CHG-1", **options)
    finally:
        other.azure.close()


def code_of(act, match="."):
    with pytest.raises(PlanRefusedError, match=match) as caught:
        act()
    assert exit_codes.exit_code_of(caught.value) == exit_codes.REFUSED
    return caught.value.code


def test_a_signed_approval_lets_the_plan_go(b):
    plan = b.plan()
    envelope = signed(b, plan)
    carrier = b.as_("planner")
    first = carrier.accept_approval(plan, envelope)
    assert first.comment == "CHG-1"
    assert carrier.accept_approval(plan, envelope) == first
    assert len(b.records(RecordType.APPROVAL)) == 1
    assert b.states(b.release(plan)) == {"file-01": "done"}


def test_a_pack_holds_the_plan_the_signed_approval_and_the_receipt(b, tmp_path):
    plan = b.plan()
    envelope = signed(b, plan)
    carrier = b.as_("planner")
    carrier.accept_approval(plan, envelope)
    carrier.accept_approval(plan, envelope)
    b.release(plan)
    pack = carrier.journal.export(tmp_path / "evidence.zip")
    with zipfile.ZipFile(pack) as opened:
        files = {name: opened.read(name) for name in opened.namelist()}
    plans = [body for name, body in files.items() if name.startswith("plans/")]
    approvals = [body for name, body in files.items() if name.startswith("approvals/")]
    assert plans == [plan_bytes(plan)]
    assert plan_from(plans[0], expected_digest=plan.digest) == plan
    assert approvals == [envelope]
    kept = {record.type for record in azstaging.Journal.read(pack).records()}
    assert {RecordType.PLAN.value, RecordType.APPROVAL.value, RecordType.RECEIPT.value} <= kept
    assert azstaging.Journal.verify_at(pack).ok


def test_the_private_key_is_nowhere(b):
    plan = b.plan()
    envelope = signed(b, plan)
    b.as_("planner").accept_approval(plan, envelope)
    b.leave()
    secret = (b.folder / "approver.pem").read_text().splitlines()[1]
    kept = [p.read_bytes() for p in (b.folder / "estate").rglob("*") if p.is_file()]
    assert not [data for data in (*kept, envelope) if secret.encode() in data]
    assert secret not in repr(b.config)


def forged(b, plan, who):
    """Return the payload of an approval that nobody made with `sign_approval`."""
    approval = Approval(
        plan_digest=plan.digest, approver=who, comment="x", at=b.clock(), expires=b.clock() + HOUR
    )
    return approval_plain(approval)


def altered(envelope, **changes):
    outer = json.loads(envelope)
    payload = json.loads(base64.b64decode(outer["payload"])) | changes
    outer["payload"] = base64.b64encode(json.dumps(payload).encode()).decode()
    return json.dumps(outer).encode()


def test_what_is_altered_is_refused(b):
    plan = b.plan()
    envelope = signed(b, plan)
    take = b.as_("planner").accept_approval
    assert code_of(lambda: take(plan, altered(envelope, comment="CHG-9"))) == "signature"
    assert code_of(lambda: take(plan, b"{}")) == "signature"
    assert code_of(lambda: take(plan, b"[" * 10_000)) == "signature"
    assert code_of(lambda: take(plan, envelope.replace(b"approval+json", b"pack+json"))) == (
        "signature"
    )
    assert not b.records(RecordType.APPROVAL)


def test_a_stranger_s_key_is_refused(b):
    plan = b.plan()
    envelope = signed(b, plan)
    key_pair(b.folder, "approver", ed25519.Ed25519PrivateKey.generate())
    assert code_of(lambda: b.as_("planner").accept_approval(plan, envelope)) == "signature"


def test_a_key_signs_for_its_owner_only(b):
    plan = b.plan()
    [approver] = b.config.approvers
    payload = forged(b, plan, Principal(tid="t", oid="mallory", name="Mallory"))
    envelope = signing.sign(
        payload,
        payload_type="application/vnd.azstaging.approval+json",
        key=approver.signing_key,
    )
    take = b.as_("planner").accept_approval
    said = f"names Mallory as who approves, and the key of {approver.principal.name} signed it"
    assert code_of(lambda: take(plan, envelope), said) == "signature"


def test_it_approves_one_plan_for_its_hours(b):
    plan = b.plan()
    envelope = signed(b, plan, hours=2)
    other = b.plan()
    assert code_of(lambda: b.as_("planner").accept_approval(other, envelope)) == "unapproved"
    b.clock.now += 2 * HOUR
    assert code_of(lambda: b.as_("planner").accept_approval(plan, envelope)) == "expired"


def sealed(b, plan, **changes):
    """Sign what the approver's own program would not: a payload with some fields changed."""
    [approver] = b.config.approvers
    payload = forged(b, plan, approver.principal) | changes
    fields = {name: value for name, value in payload.items() if value is not None}
    return signing.sign(
        fields,
        payload_type="application/vnd.azstaging.approval+json",
        key=approver.signing_key,
    )


@pytest.mark.parametrize(
    ("changes", "code", "said", "advice"),
    [
        ({"comment": " "}, "unapproved", "says not why", "with a comment"),
        ({"comment": None}, "signature", "'comment' of an Approval is missing", "the plan holds"),
        ({"schema": "x/2"}, "signature", "schema 'x/2'", "azstaging approve --out"),
        ({"at": 1, "expires": 2}, "expired", "is dated", "clock"),
        ({"at": -3, "expires": -1}, "expired", "ended at", "the plan holds until"),
    ],
    ids=["no comment", "no field", "no schema", "future", "ended"],
)
def test_a_refusal_says_the_one_thing_that_is_true(b, changes, code, said, advice):
    plan = b.plan()
    changed = {
        name: to_plain(b.clock() + value * HOUR) if isinstance(value, int) else value
        for name, value in changes.items()
    }
    envelope = sealed(b, plan, **changed)
    with pytest.raises(PlanRefusedError) as caught:
        b.as_("planner").accept_approval(plan, envelope, source="wave.dsse")
    error = str(caught.value)
    assert caught.value.code == code
    assert error.startswith("wave.dsse ")
    assert said in error
    assert b.config.approvers[0].principal.name in error
    told = [each for each in ("ended at", "is dated", "says not why") if each in error]
    assert told in ([], [said])
    assert advice in caught.value.advice()
    assert "new plan" not in caught.value.advice()


def test_a_file_that_nobody_known_signed_is_named(b):
    plan = b.plan()
    envelope = signed(b, plan)
    take = b.as_("planner").accept_approval
    for data, said in (
        (b"x", "bad.dsse is no signed approval"),
        (altered(envelope, comment="y"), "No approver of the configuration signed bad.dsse"),
    ):
        assert code_of(lambda: take(plan, data, source="bad.dsse"), said) == "signature"  # noqa: B023


def test_the_planner_s_own_key_approves_nothing(bench):
    b = bench(ONE)
    named(b, "planner")
    plan = b.plan()
    [planner] = b.config.approvers
    assert code_of(lambda: b.as_("planner").sign_approval(plan, comment="mine")) == "own-approval"
    payload = forged(b, plan, planner.principal)
    envelope = signing.sign(
        payload, payload_type="application/vnd.azstaging.approval+json", key=planner.signing_key
    )
    assert code_of(lambda: b.as_("reader").accept_approval(plan, envelope)) == "own-approval"


def test_hours_tighten_and_never_loosen(b):
    plan = b.plan()
    short = b.as_("approver").approve(plan, comment="CHG-1", hours=1)
    assert short.expires == short.at + HOUR
    longest = b.as_("approver").approve(plan, comment="CHG-1", hours=72)
    assert longest.expires == longest.at + 8 * HOUR
    assert code_of(lambda: b.as_("approver").approve(plan, comment="x", hours=0)) == "unapproved"


def test_k_of_n_named_people(bench):
    b = bench(ONE, gate="approvals = 2")
    named(b, "approver", "reader")
    plan = b.plan()
    b.as_("approver").approve(plan, comment="CHG-1")
    assert len(b.as_("approver").approved_by(plan)) == 1
    assert code_of(lambda: b.as_("releaser").approve(plan, comment="me, too")) == "unapproved"
    assert code_of(lambda: b.release(plan)) == "unapproved"
    b.as_("reader").approve(plan, comment="CHG-1")
    assert b.states(b.release(plan)) == {"file-01": "done"}


def test_an_approval_of_somebody_who_is_not_named_any_more_does_not_count(b):
    plan = b.plan()
    b.as_("approver").approve(plan, comment="CHG-1")
    stranger = Approver(principal=Principal(tid="t", oid="stranger", name="New"))
    b.config = replace(b.config, approvers=(stranger,))
    assert code_of(lambda: b.release(plan)) == "unapproved"


def test_without_keys_nothing_is_signed_or_believed(bench):
    b = bench(ONE)
    plan = b.plan()
    with pytest.raises(ConfigurationError, match="signing key"):
        b.as_("approver").sign_approval(plan, comment="CHG-1")
    with pytest.raises(ConfigurationError, match="public_key"):
        b.as_("approver").accept_approval(plan, b"{}")
    bad = b.folder / "bad.pem"
    bad.write_text("SECRET")
    with pytest.raises(ConfigurationError) as caught:
        signing.sign({}, payload_type="t", key=bad)
    assert "SECRET" not in str(caught.value)
