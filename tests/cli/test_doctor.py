"""``azstaging doctor``: what is missing is told whole, to be copied into a role."""

from azstaging.cli import exit_codes

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
