"""What must hold after any schedule, told by the service's own log and the state of the world.

Of the journal only its raw lines are looked at, for the two promises that speak of it: an intent
stands before each request, and each effect has a receipt or an open intent. No code of the engine
or of the rules judges here.
"""

import json
from datetime import timedelta
from typing import Any

from simulation.schedule import Story
from simulation.world import EVIDENCE_SECONDS, KEYS, START, STOPS_PER_HOUR, Exchange, World

APPROVAL_HOURS = 8
# Two clocks that may still be used are ten minutes apart at most.
HOUR_BY_ANY_CLOCK = timedelta(minutes=50)


class Truth:
    """What the plan was about, read from the emulator before any schedule was played."""

    def __init__(self, world: World) -> None:
        self.key_of: dict[str, str] = {}
        self.stop_of: dict[str, tuple[str, str, bytes]] = {}
        self.generation: dict[str, str] = {}
        self.size: dict[str, str] = {}
        self.vm: dict[str, str] = {}
        self.vault: dict[str, str] = {}
        world.reset()
        for key in KEYS:
            item = world.items[key].casefold()
            migration = "/replicationmigrationitems/" in item
            self.key_of[item] = key
            self.generation[item] = world.state.body(item)["properties"]["eventCorrelationId"]
            self.vm[item] = world.state.vm_id(key).casefold()
            vm = world.state.body(self.vm[item])
            self.size[item] = vm["properties"]["hardwareProfile"]["vmSize"]
            self.vault[item] = item.partition("/replicationfabrics/")[0]
            asked = {"properties": {"disableProtectionReason": "MigrationComplete"}}
            self.stop_of[item] = (
                ("DELETE", item, b"")
                if migration
                else ("POST", f"{item}/remove", json.dumps(asked).encode())
            )
        self.evidence_until = START + timedelta(seconds=EVIDENCE_SECONDS)
        self.approved_until = START + timedelta(hours=APPROVAL_HOURS)


class Check:
    """One check of one story; ``violations`` is empty when all holds."""

    def __init__(self, truth: Truth, story: Story) -> None:
        self.truth, self.story, self.world = truth, story, story.world
        self.violations: list[str] = []
        self.exchanges = self.world.wire.exchanges
        self.lines = [(r.type, r.run, r.data) for r in self.world.lines.records]
        self.changes = [(i, e) for i, e in enumerate(self.exchanges) if e.method != "GET"]

    def run(self) -> list[str]:
        """Return every violation, one line each."""
        self._log_is_complete()
        self._nothing_else_was_touched()
        for index, change in self.changes:
            item = change.path.casefold().removesuffix("/remove")
            if item in self.truth.key_of:
                self._one_change(index, change, item)
        self._pace()
        self._attempts()
        self._effects()
        self._resumed()
        return self.violations

    def _say(self, text: str) -> None:
        self.violations.append(text)

    def _log_is_complete(self) -> None:
        """The emulator's own log must tell the same changes as the wire."""
        logged = [(r.method, r.path) for r in self.world.app.requests if r.method != "GET"]
        if logged != [(e.method, e.path) for _, e in self.changes]:
            self._say("the emulator's log and the wire tell of different changes")

    def _nothing_else_was_touched(self) -> None:
        state = self.world.state
        if state.purges or state.cleanups or state.registrations:
            self._say("something was purged, cleaned up or registered")
        for _, change in self.changes:
            item = change.path.casefold().removesuffix("/remove")
            method, path, _ = self.truth.stop_of.get(item, ("", "", b""))
            if (change.method, change.path.casefold()) != (method, path):
                self._say(f"outside the plan: {change.method} {change.path}")
            elif change.query != "api-version=2025-08-01" or not self._body_is_right(change):
                self._say(f"not as planned: {change.method} {change.path}?{change.query}")
            if change.identity != "releaser":
                self._say(f"sent by {change.identity}")
            if not self.story.approved:
                self._say("sent without an approval of this plan by somebody else")

    def _body_is_right(self, change: Exchange) -> bool:
        if change.method == "DELETE":
            return change.sent == b""
        reason = json.loads(change.sent)["properties"]["disableProtectionReason"]
        return bool(reason == "MigrationComplete")

    def _one_change(self, index: int, change: Exchange, item: str) -> None:
        truth, key = self.truth, self.truth.key_of[item]
        durable = self.lines[: change.lines]
        intents = [d for t, _, d in durable if t == "release.intent" and _item(d) == item]
        mine = [r for t, r, d in durable if t == "release.intent" and _item(d) == item]
        before = [e for i, e in self.changes if i <= index and self._item(e) == item]
        if len(intents) < len(before) or change.run not in mine:
            self._say(f"no intent before the request for {key}")
        if len([e for e in before if e.run == change.run]) > 1:
            self._say(f"{key} was sent twice in one run")
        if change.believed >= truth.approved_until:
            self._say(f"{key} was sent after its approval had ended")
        if change.believed >= truth.evidence_until:
            self._say(f"{key} was sent on expired evidence")
        self._looked_first(index, change, item)
        self._in_order(index, change, item, durable)

    def _item(self, change: Exchange) -> str:
        return change.path.casefold().removesuffix("/remove")

    def _looked_first(self, index: int, change: Exchange, item: str) -> None:
        """The last look at item and target must have shown what was planned, in this run."""
        truth, key = self.truth, self.truth.key_of[item]
        seen = self._last(index, change.run, item)
        vm = self._last(index, change.run, truth.vm[item])
        if seen is None or seen.status != 200 or vm is None or vm.status != 200:
            self._say(f"{key} was sent without a look at it and its target")
            return
        properties = json.loads(seen.body)["properties"]
        if properties["eventCorrelationId"] != truth.generation[item]:
            self._say(f"{key} was sent although it is another generation")
        states = {properties.get("migrationState"), properties.get("protectionState")}
        if not states & {"MigrationSucceeded", "UnplannedFailoverCommitted"}:
            self._say(f"{key} was sent although it is not staged")
        size = json.loads(vm.body)["properties"]["hardwareProfile"]["vmSize"]
        if size != truth.size[item]:
            self._say(f"{key} was sent although its target had changed")
        locks = [e for e in self.exchanges[:index] if e.run == change.run and "/locks" in e.path]
        held = any(f"{_name(item)}/providers/microsoft.authorization/locks" in
                   e.body.decode().casefold() for e in locks)  # fmt: skip
        if held and change.method == "DELETE":
            self._say(f"{key} was sent although a lock was read on it")

    def _last(self, index: int, run: str, path: str) -> Exchange | None:
        for exchange in reversed(self.exchanges[:index]):
            if (
                exchange.run == run
                and exchange.method == "GET"
                and exchange.path.casefold() == path
            ):
                return exchange
        return None

    def _in_order(self, index: int, change: Exchange, item: str, durable: list[Any]) -> None:
        key, vault = self.truth.key_of[item], self.truth.vault[item]
        earlier = [(i, e) for i, e in self.changes if i < index and e.run == change.run]
        if any(e.status is None or e.status in {404, 408} or e.status >= 500 for _, e in earlier):
            self._say(f"{key} was sent after an unknown effect in the same run")
        accepted = [(i, e) for i, e in earlier if e.status == 202]
        if accepted:
            first, canary = accepted[0]
            reads = self.exchanges[first:index]
            if not any(e.path.casefold() == self._item(canary) and e.status == 404 for e in reads):
                self._say(f"{key} was sent before the first item was read to be gone")
        intent = max(
            (
                i
                for i, (t, _, d) in enumerate(durable)
                if t == "release.intent" and _item(d) == item
            ),
            default=0,
        )
        until = durable[:intent]
        holders = [r for t, r, d in until if t == "lease.taken" and _vault(d) == vault]
        if not holders or holders[-1] != change.run:
            self._say(f"{key} was sent by a run that does not hold the lease of its vault")

    def _pace(self) -> None:
        """No hour sees more stops than the policy says, whoever began them."""
        sent = sorted([*self.story.others, *(change.at for _, change in self.changes)])
        for first, last in zip(sent, sent[STOPS_PER_HOUR:], strict=False):
            if last - first < HOUR_BY_ANY_CLOCK:
                self._say(f"more than {STOPS_PER_HOUR} stops in the hour from {first:%H:%M}")

    def _attempts(self) -> None:
        """A further attempt needs a receipt none or failed, and another plan."""
        seen: dict[tuple[str, str], list[tuple[str, str]]] = {}
        for kind, _, data in self.lines:
            if kind not in {"release.intent", "release.receipt"}:
                continue
            past = seen.setdefault((_item(data), data["generation"]), [])
            if kind == "release.receipt":
                past[:] = [p for p in past if p[0] != data["plan_digest"]]
                past.append((data["plan_digest"], data["state"]))
            elif any(d == data["plan_digest"] or s not in {"none", "failed"} for d, s in past):
                self._say(f"a further attempt on {data['name']} that may not be")
            else:
                past.append((data["plan_digest"], "open"))

    def _last_receipts(self) -> dict[str, tuple[int, Any]]:
        found: dict[str, tuple[int, Any]] = {}
        for index, (kind, _, data) in enumerate(self.lines):
            if kind == "release.receipt":
                found[_item(data)] = (index, data)
        return found

    def _effects(self) -> None:
        state, receipts = self.world.state, self._last_receipts()
        intents = {_item(d) for t, _, d in self.lines if t == "release.intent"}
        stopped = {stop.item_id.casefold(): stop for stop in state.stops}
        for item, stop in stopped.items():
            key = self.truth.key_of.get(item, item)
            said = receipts.get(item, (0, {"state": "open"}))[1]["state"]
            if item not in intents:
                self._say(f"an effect on {key} of which the journal knows nothing")
            elif said == "none":
                self._say(f"{key} was stopped, and its receipt says none")
            elif said == "failed" and not state.jobs[stop.job_id].fails:
                self._say(f"the stop of {key} went well, and its receipt says failed")
        for item, (index, data) in receipts.items():
            if data["state"] == "done" and item in self.truth.key_of:
                self._done_is_proven(item, index)

    def _done_is_proven(self, item: str, index: int) -> None:
        key = self.truth.key_of[item]
        # Since the intent: a run that settles it may read the proof before the request, held up
        # on its way, arrives at an item that somebody else has stopped.
        intents = [
            number
            for number, (kind, _, data) in enumerate(self.lines[:index])
            if kind == "release.intent" and _item(data) == item
        ]
        read = [e for e in self.exchanges if e.lines <= index and e.method == "GET"]
        since = [e for e in read if intents and e.lines > intents[-1]]
        gone = any(e.path.casefold() == item and e.status == 404 for e in since)
        there = any(e.path.casefold() == self.truth.vm[item] and e.status == 200 for e in since)
        job = any("/replicationjobs" in e.path.casefold() and b"Succeeded" in e.body for e in since)
        if not (gone and there and job):
            self._say(f"{key} is called done and was not read to be")
        if item in self.world.state.entries:
            body = self.world.state.body(item)["properties"]
            if body["eventCorrelationId"] == self.truth.generation[item]:
                self._say(f"{key} is called done and still replicates")

    def _resumed(self) -> None:
        """After a run that was left in peace no intent is open."""
        last = self.story.ends[-1]
        if last.how in {"killed", "LeaseHeldError", "JournalError"}:
            self._say(f"a run that was left in peace ended with {last.how}")
        receipts = self._last_receipts()
        for kind, _, data in self.lines:
            if kind == "release.intent" and _item(data) not in receipts:
                self._say(f"the intent of {data['name']} is open after a run in peace ({last.how})")


def _item(data: Any) -> str:
    return str(data["item_id"]).casefold()


def _vault(data: Any) -> str:
    return str(data["vault_id"]).casefold()


def _name(item: str) -> str:
    return item.rpartition("/")[2]


def check(truth: Truth, story: Story) -> list[str]:
    """Return every violation of a story."""
    return Check(truth, story).run()
