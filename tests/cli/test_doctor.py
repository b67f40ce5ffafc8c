"""``azstaging doctor``: what is missing is told whole, to be copied into a role."""

import json
from pathlib import Path

import jsonschema
import pytest
import trustme

from azstaging.azure.network import CA_VARIABLES
from azstaging.cli import exit_codes
from azstaging.emulator.faults import Fault

SCHEMA = json.loads(
    (Path(__file__).parents[2] / "docs/schemas/doctor-1.schema.json").read_text("utf-8")
)
LISTS = ("replicationMigrationItems", "replicationProtectedItems")


def test_every_missing_action_and_subscription_is_whole_and_on_a_line_of_its_own(estate_desk):
    done = estate_desk("doctor")
    assert done.code == exit_codes.UNDETERMINED
    lines = [line.split("  ", 1) for line in done.stdout.splitlines()]
    missing = [value.strip() for fact, value in lines if fact == "missing actions"]
    assert missing == [f"Microsoft.RecoveryServices/vaults/{each}/read" for each in LISTS]
    assert sum(fact == "visible subscriptions" for fact, _ in lines) == 3


def test_what_cannot_be_read_is_said_as_everywhere(estate_desk):
    said = estate_desk("doctor").stderr.splitlines()
    for each in LISTS:
        action = f"Microsoft.RecoveryServices/vaults/{each}/read"
        assert f"       forbidden, missing {action}" in said
    assert max(map(len, said)) < 200


@pytest.fixture(scope="module")
def authorities(tmp_path_factory):
    """Return a file of authorities that have signed nothing here."""
    file = tmp_path_factory.mktemp("trust") / "ca.pem"
    trustme.CA().cert_pem.write_to_path(str(file))
    return str(file)


ASKED = "GET /subscriptions"
READ = "Microsoft.Resources/subscriptions/read"
KNOWN = "planner@contoso.example (as the token says; Azure has not confirmed it)"


def failing(**more):
    return Fault(times=0, **{"match": ASKED, "kind": "status"} | more)


def scoped(world):
    """Name the subscriptions, so that nothing but the identity needs their list."""
    ids = [each.id for each in world.azure.estate.subscriptions]
    world.replan("[journal]", f"[scope]\nsubscriptions = {ids}\n\n[journal]".replace("'", '"'))
    return world


def facts_of(done):
    jsonschema.Draft202012Validator(SCHEMA).validate(done.document)
    return done.document["facts"]


@pytest.mark.parametrize("status", [403, 404, 503])
def test_where_subscriptions_cannot_be_listed_everything_else_is_still_told(make_world, status):
    fault = failing(status=status, retry_after_seconds=0)
    world = scoped(make_world("Scanning", faults=[fault]))
    done = world("doctor", "-o", "json", HTTPS_PROXY="http://me:secret@proxy.example:3128")
    facts = facts_of(done)
    assert done.code == exit_codes.UNDETERMINED
    assert done.complaint[0].startswith(f"Error: GET /subscriptions was answered {status}")
    assert (facts["identity"], facts["can plan, approve, release"]) == (KNOWN, False)
    assert (facts["visible subscriptions"], facts["items read"], facts["gaps"]) == (None, 5, 0)
    assert facts["missing actions"] == ([READ] if status == 403 else [])
    assert facts["HTTPS_PROXY"] == "http://proxy.example:3128"
    assert [each.partition(" was")[0] for each in facts["failures"]] == [f"identity: {ASKED}"]


VAULTS = {
    "vaults": "Microsoft.RecoveryServices/vaults/read",
    "replicationVaults": "Microsoft.DataReplication/replicationVaults/read",
}


def test_where_nothing_could_be_read_the_missing_actions_are_named(make_world):
    faults = [failing(match=f"GET */{each}", status=403) for each in VAULTS]
    facts = facts_of(make_world(faults=faults)("doctor", "-o", "json"))
    assert (facts["vaults read"], facts["items read"]) == (0, 0)
    assert facts["missing actions"] == sorted(VAULTS.values())


def test_who_sees_no_subscription_is_told_what_is_missing(make_world):
    fault = failing(kind="body", text='{"value": []}')
    facts = facts_of(make_world(faults=[fault])("doctor", "-o", "json"))
    assert (facts["visible subscriptions"], facts["missing actions"]) == ([], [READ])


def test_the_page_of_a_proxy_does_not_hide_the_network(make_world):
    done = make_world(faults=[failing(kind="body", text="<html>log in</html>")])(
        "doctor", HTTPS_PROXY="http://proxy.example:3128"
    )
    assert done.code == exit_codes.UNDETERMINED
    lines = [line.partition("  ") for line in done.stdout.splitlines()]
    facts = {fact: value.strip() for fact, _, value in lines}
    assert list(facts)[:5] == [
        "FACT",
        "cloud",
        "proxy in effect",
        "certificate authorities",
        "HTTPS_PROXY",
    ]
    assert facts["identity"] == KNOWN
    unknown = {facts[each] for each in ("items read", "visible subscriptions", "missing actions")}
    assert unknown == {"unknown"}
    assert "failures" not in facts
    assert "not complete JSON" in done.complaint[0]


def test_authorities_that_do_not_sign_for_azure_are_shown(make_world, authorities):
    world = make_world(tls=True)
    done = world("doctor", "-o", "json", REQUESTS_CA_BUNDLE=authorities)
    facts = facts_of(done)
    assert done.code == exit_codes.UNDETERMINED
    assert "certificate is not trusted" in done.complaint[0]
    assert facts["certificate authorities"] == facts["REQUESTS_CA_BUNDLE"] == authorities
    assert facts["identity"] == KNOWN
    assert (facts["vaults read"], facts["items read"]) == (None, None)
    assert len(facts["failures"]) == 1, "what cannot be reached is asked once"


@pytest.mark.parametrize("name", CA_VARIABLES)
def test_authorities_that_are_not_there_are_named(make_world, name):
    done = make_world(tls=True)("doctor", "-o", "json", **{name: "/none/ca.pem"})
    facts = facts_of(done)
    assert done.code == exit_codes.USAGE
    assert done.complaint[0].startswith(f"Error: {name} names /none/ca.pem for the certificate")
    assert facts["certificate authorities"] == facts[name] == "/none/ca.pem"
    assert facts["tenant"] == "unknown (there is no token)"
    assert done.document["facts"]["failures"] == [
        f"connection: {done.complaint[0].removeprefix('Error: ')}"
    ]


@pytest.mark.parametrize("value", ["http://me:HIDDEN#PW@proxy.example:1", "http://me:HIDDENPW"])
def test_what_is_no_proxy_is_refused_and_not_shown(desk, value):
    done = desk("doctor", "-o", "json", HTTPS_PROXY=value)
    assert done.code == exit_codes.USAGE
    assert done.complaint[0].startswith("Error: HTTPS_PROXY ")
    assert "HTTPS_PROXY" in facts_of(done)
    for part in ("HIDDEN", "PW@"):
        assert part not in done.stdout + done.stderr


def test_the_path_of_authorities_is_shown_whole(world):
    place = "/home/me@corp/ca.pem"
    facts = facts_of(world("doctor", "-o", "json", REQUESTS_CA_BUNDLE=place))
    assert facts["REQUESTS_CA_BUNDLE"] == place


def test_an_estate_folder_that_cannot_be_opened_does_not_hide_the_rest(world):
    (world.folder / "occupied").write_text("no folder", "utf-8")
    done = world("doctor", "-o", "json", "--journal", "occupied")
    assert done.code != exit_codes.DONE
    facts = facts_of(done)
    assert facts["cloud"] == world.azure.url
    assert facts["identity"] == "planner@contoso.example"
    assert (facts["items read"], facts["gaps"], facts["missing actions"]) == (5, 0, [])
    assert facts["failures"] == [f"estate folder: {done.complaint[0].removeprefix('Error: ')}"]


def test_neither_estate_folder_nor_connection_hides_that_the_other_fails(make_world):
    world = make_world(tls=True)
    (world.folder / "occupied").write_text("no folder", "utf-8")
    place = "/none/ca.pem"
    done = world("doctor", "-o", "json", "--journal", "occupied", REQUESTS_CA_BUNDLE=place)
    parts = [each.partition(": ")[0] for each in facts_of(done)["failures"]]
    assert parts == ["estate folder", "connection"]
    assert "REQUESTS_CA_BUNDLE names /none/ca.pem" in done.stderr


def test_a_container_is_not_asked_with_authorities_that_are_not_there(world):
    place = "https://account.blob.core.windows.net/estate"
    done = world("doctor", "-o", "json", "--journal", place, REQUESTS_CA_BUNDLE="/none/ca.pem")
    assert done.code == exit_codes.USAGE
    assert done.complaint[0].startswith("Error: REQUESTS_CA_BUNDLE names /none/ca.pem")
    assert facts_of(done)["can plan, approve, release"] is True


def test_a_container_is_not_asked_through_what_is_no_proxy(world):
    place = "https://account.blob.core.windows.net/estate"
    done = world("doctor", "-o", "json", "--journal", place, HTTPS_PROXY="http://me:HIDDEN#PW@h:1")
    assert done.code == exit_codes.USAGE
    assert done.complaint[0].startswith("Error: HTTPS_PROXY cannot be read")
    assert "HIDDEN" not in done.stdout + done.stderr


def test_who_cannot_be_told_is_a_failure_and_everything_else_is_still_told(world):
    done = world("doctor", "-o", "json", AZSTAGING_TOKEN="loopback")
    facts = facts_of(done)
    assert done.code == exit_codes.UNDETERMINED
    assert done.complaint[0].startswith("Error: The token names nobody (it is opaque)")
    assert "AZSTAGING_TOKEN" in done.complaint[1]
    assert facts["failures"] == [f"identity: {done.complaint[0].removeprefix('Error: ')}"]
    assert (facts["identity"], facts["tenant"]) == ("unknown", "unknown (the token is opaque)")
    assert facts["can plan, approve, release"] is False
    assert (facts["items read"], facts["gaps"]) == (5, 0)
    assert facts["visible subscriptions"]
