"""After a release: what is left of it, and what could not be looked at."""

from azstaging.rules.cache import cache_accounts

ESTATE = {"Files": ("file-01",), "Archive": ("archive-01",), "Time": ("time-db-01",)}


def left(residue, kind):
    return [each for each in residue.leftovers if each.kind == kind]


def test_before_a_release_nothing_is_left(bench):
    residue = bench(ESTATE).as_("planner").residue()
    assert residue.released == 0
    assert residue.leftovers == ()


def test_what_stays_is_listed_and_what_went_is_not(bench):
    b = bench(ESTATE)
    b.release(b.approved())
    residue = b.as_("planner").residue()
    assert residue.released == 3
    assert residue.known
    assert left(residue, "replica disk") == []
    agents = {each.what: each.machines for each in left(residue, "agent")}
    assert {name for names in agents.values() for name in names} == {"ARCHIVE-01", "TIME-DB-01"}
    [account] = [each for each in left(residue, "cache account") if "ARCHIVE-01" in each.machines]
    assert account.state == "kept"
    assert "/storageaccounts/" in account.what.casefold()
    assert left(residue, "test network")
    assert all(each.next_step for each in residue.leftovers)


def test_a_replica_disk_that_stayed_is_left(bench):
    b = bench({"Files": ("file-01",)})
    plan = b.approved()
    seed = b.state.scene.ids.seed_disk(b.state.machine("file-01"), 0)
    entry = b.state.entries[seed.casefold()]
    b.release(plan)
    b.state.entries[seed.casefold()] = entry
    residue = b.as_("planner").residue()
    [disk] = left(residue, "replica disk")
    assert (disk.state, disk.what.casefold()) == ("left", seed.casefold())
    assert "billed" in disk.next_step
    assert residue.leftovers[0] is disk


def test_disks_that_nobody_may_list_are_unknown_and_not_gone(bench):
    b = bench({"Files": ("file-01",)})
    b.release(b.approved())
    b.fault("status", "GET */providers/microsoft.compute/disks", times=0, status=403)
    residue = b.as_("planner").residue()
    assert {each.state for each in left(residue, "replica disk")} == {"unknown"}
    assert not residue.known


def test_an_account_is_found_wherever_it_is_named():
    account = "/subscriptions/0/resourceGroups/g/providers/Microsoft.Storage/storageAccounts/cache"
    body = {
        "properties": {
            "providerSpecificDetails": {
                "disks": [
                    {"logStorageAccountId": account},
                    {"logStorageAccountId": account.upper()},
                ],
                "recoveryBootDiagStorageAccountId": account + "diag",
                "storageAccountType": "Premium_LRS",
            }
        }
    }
    assert cache_accounts(body) == (account,)
    assert cache_accounts({}) == ()
