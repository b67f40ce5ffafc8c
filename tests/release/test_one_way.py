"""Every public call is made; one way leads to a stop: an approved plan, released or abandoned."""

import ast
import contextlib
import inspect
from pathlib import Path

import pytest

import azstaging
from azstaging.engine.ports import AzurePort
from azstaging.model.ids import ResourceId

SRC = Path(azstaging.__file__).parent
# The only ones that send a change to Azure, with execute=True: two of an approved plan, and the
# step of a wave, which stops nothing itself.
SENDS = {"release", "abandon", "complete_step"}


def changes(b):
    """Return what was sent to ARM that is no read; a preview of Azure Boards is a POST."""
    return [r for r in b.changes if r.path.startswith("/subscriptions/")]


def calls(b):
    """Return one way to call every public method of Staging."""
    staging = b.as_("planner")
    inventory = staging.inventory()
    staging.baseline(inventory)
    diff = staging.diff(inventory)
    findings = staging.check(inventory, diff)
    decisions = staging.decide(inventory, findings, diff)
    plan = staging.plan(decisions.open)
    b.as_("approver").approve(plan, comment="CHG-1")
    releaser = b.as_("releaser")
    item = ResourceId(b.state.item_id("invoice-01"))
    project = "Microsoft.Migrate/migrateProjects/p/runbooks/r/executions/e"
    execution = f"{item.text.partition('/providers/')[0]}/providers/{project}"
    out = b.folder / "out"
    return {
        "abandon": lambda: staging.abandon(plan),
        "approve": lambda: b.as_("approver").approve(plan, comment="CHG-1"),
        "accept_approval": lambda: staging.accept_approval(plan, b"{}"),
        "approved_by": lambda: staging.approved_by(plan),
        "authorise": lambda: releaser.authorise(plan),
        "azure": staging.azure.list_subscriptions,
        "baseline": lambda: staging.baseline(inventory),
        "boards": lambda: staging.boards(inventory, findings, diff, decisions),
        "check": lambda: staging.check(inventory),
        "complete_step": lambda: releaser.complete_step(execution, "verify", ["Files"]),
        "decide": lambda: staging.decide(inventory),
        "diff": lambda: staging.diff(inventory),
        "drift": lambda: staging.drift(inventory),
        "evidence": staging.evidence,
        "frozen": lambda: staging.frozen(inventory),
        "import_results": lambda: staging.import_results(out, inventory, workload="Files"),
        "inventory": staging.inventory,
        "job_history": lambda: staging.job_history(inventory),
        "look_through": lambda: staging.look_through(lambda azure: azure),
        "past": staging.past,
        "plan": lambda: staging.plan(decisions.open),
        "plan_abandon": lambda: staging.plan_abandon([item], reason="CHG-7"),
        "preflight": lambda: releaser.preflight(inventory),
        "preview": lambda: releaser.preview(plan),
        "principal": staging.principal,
        "release": lambda: releaser.release(plan),
        "report": lambda: staging.report(out, inventory, findings, diff, decisions),
        "sign_approval": lambda: staging.sign_approval(plan, comment="CHG-1"),
        "status": staging.status,
    }


def plain_call(method, inventory):
    """Return a call with an inventory in each place that must be filled.

    What a call makes of a value that it does not take is its own affair; it may send nothing.
    """
    parameters = inspect.signature(method).parameters.values()
    needed = [each for each in parameters if each.default is each.empty]
    filled = [inventory for each in needed if each.kind is each.POSITIONAL_OR_KEYWORD]
    named = {each.name: inventory for each in needed if each.kind is each.KEYWORD_ONLY}

    def call():
        with contextlib.suppress(TypeError, ValueError, AttributeError):
            method(*filled, **named)

    return call


def test_no_public_call_sends_anything_unless_it_executes(bench):
    b = bench({"Files": ("file-01",), "Invoicing": ("invoice-01",)})
    b.source_power("invoice-01", "ON")
    ways = calls(b)
    public = {name for name in dir(azstaging.Staging) if not name.startswith("_")}
    inventory = b.as_("reader").inventory()
    for name in public - set(ways):
        # A call that takes more than an inventory needs a line above.
        ways[name] = plain_call(getattr(b.as_("reader"), name), inventory)
    for name in sorted(ways):
        with contextlib.suppress(azstaging.StagingError):
            ways[name]()
        assert changes(b) == [], name
    executing = {
        name
        for name in public
        if callable(getattr(azstaging.Staging, name))
        and "execute" in inspect.signature(getattr(azstaging.Staging, name)).parameters
    }
    assert executing == SENDS
    for name in executing:
        assert (
            inspect.signature(getattr(azstaging.Staging, name)).parameters["execute"].default
            is False
        )


def test_a_run_that_looks_through_something_refuses_before_any_intent(bench):
    b = bench({"Files": ("file-01",)})
    plan = b.approved("Files")
    releaser = b.as_("releaser")
    releaser.look_through(lambda azure: azure)
    with pytest.raises(azstaging.ConfigurationError, match="release cannot change Azure through"):
        releaser.release(plan, execute=True)
    assert changes(b) == []
    assert list(releaser.past().open_attempts()) == []
    assert b.as_("releaser").release(plan, execute=True).receipts


def test_no_other_public_name_sends(bench):
    """Every other public name is a value, an error, or reads what it is given."""
    names = set(azstaging.__all__) - {"Staging", "__version__"}
    for name in names:
        thing = getattr(azstaging, name)
        if isinstance(thing, type):
            text = inspect.getsource(thing)
        else:
            text = inspect.getsource(inspect.unwrap(thing))
        assert ".stop(" not in text, name
        assert "run_change" not in text, name
    assert bench


def callers(attribute):
    """Return the modules that call a method of this name."""
    found = set()
    for path in SRC.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Attribute)
                and node.func.attr == attribute
            ):
                owner = ast.unparse(node.func.value)
                found.add((path.relative_to(SRC).as_posix(), owner))
    return found


def test_one_place_sends_a_stop():
    assert {
        (module, owner)
        for module, owner in callers("stop")
        if not module.startswith(("emulator/", "cli/"))
    } == {
        ("azure/connection.py", "self._of_item(request.id)"),
        ("engine/attempt.py", "attempter.azure"),
    }
    assert {module for module, _ in callers("execute")} == {"releasing.py"}
    assert {module for module, _ in callers("run_change")} <= {
        "azure/boards_session.py",
        "azure/session.py",
        "azure/siterecovery.py",
    }
    assert {module for module, _ in callers("send_change")} <= {
        "azure/boards_session.py",
        "azure/datareplication.py",
        "azure/run_command.py",  # in the guest, for probes
        "azure/wavesteps.py",
    }
    assert callers("begin_purge") == set()


def test_what_reads_for_a_user_cannot_stop(bench):
    """The connection is there to be asked; it has no stop, nor the parts of one."""
    b = bench({"Files": ("file-01",)})
    azure = b.as_("releaser").azure
    assert azure.list_subscriptions()
    for name in ("stop", "session", "site_recovery", "data_replication", "_port"):
        with pytest.raises(AttributeError, match=r"Staging\.release alone"):
            getattr(azure, name)
    assert callable(AzurePort.stop)
    assert not b.changes
