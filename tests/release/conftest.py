"""A small estate behind real sockets, a clock that only waiting moves, and a release of it."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

import azstaging
from azstaging.azure.credentials import StaticCredential
from azstaging.cli.estate_config import write_config
from azstaging.emulator import Emulator, Estate, Fault, sample_estate
from azstaging.emulator.estate import Lock, Workload
from azstaging.model.decisions import Waiver
from azstaging.model.plans import Plan, ReleaseResult
from azstaging.model.records import RecordType

SETTLE_SECONDS = 60
JOB_SECONDS = 5.0
# A stop of either kind; the purge is not among them.
STOPS = ("DELETE *replicationmigrationitems/*", "POST *replicationprotecteditems/*/remove")


class Clock:
    """Aware UTC; it moves when somebody waits, and at no other time."""

    def __init__(self) -> None:
        self.now = datetime.now(timezone.utc).replace(microsecond=0)
        self.on_sleep: Callable[[], None] | None = None

    def __call__(self) -> datetime:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)
        if self.on_sleep is not None:
            self.on_sleep()


def small_estate(workloads: Mapping[str, tuple[str, ...]], *, locks: tuple[Lock, ...] = ()) -> Any:
    """Return those machines of the sample estate that the workloads name, and nothing else."""
    sample = sample_estate()
    keys = {key for names in workloads.values() for key in names}
    machines = tuple(machine for machine in sample.machines if machine.key in keys)
    vaults = {machine.vault for machine in machines}
    return Estate(
        name="Small wave",
        subscriptions=sample.subscriptions,
        vaults=tuple(vault for vault in sample.vaults if vault.name in vaults),
        sites=sample.sites,
        projects=tuple(p for p in sample.projects if p.vault in vaults),
        machines=machines,
        workloads=tuple(
            Workload(name=name, owner="platform@contoso.example", criticality="low", machines=names)
            for name, names in workloads.items()
        ),
        locks=locks,
        identities=sample.identities,
        sizes=sample.sizes,
    )


def granting(estate: Estate, also: Mapping[str, tuple[str, ...]]) -> Estate:
    """Return the estate with more actions for some identities: name -> globs."""
    identities = tuple(
        replace(each, actions=(*each.actions, *also.get(each.name, ())))
        for each in estate.identities
    )
    return replace(estate, identities=identities)


class Bench:
    """One estate, its emulator, its estate folder, and everybody who works on it."""

    def __init__(self, folder: Path, estate: Estate, *, gate: str = "", more: str = "") -> None:
        self.clock, self.settle = Clock(), timedelta(seconds=SETTLE_SECONDS)
        self.azure = Emulator(estate, clock=self.clock, job_duration_seconds=JOB_SECONDS).start()
        self.folder = folder
        self.state = self.azure.state
        self._opened: list[azstaging.Staging] = []
        self._journals: list[azstaging.Journal] = []
        file = write_config(
            folder / "azstaging.toml", estate, arm_endpoint=self.azure.url, now=self.clock()
        )
        settings = f"\n[gate]\nsettle_seconds = {SETTLE_SECONDS}\n{gate}\n{more}"
        file.write_text(file.read_text("utf-8") + settings, "utf-8")
        self.config = azstaging.load_configuration(file)

    def as_(self, identity: str, *, journal: Path | None = None, **options: Any) -> Any:
        """Sign in as somebody; each call is a run of its own."""
        opened = azstaging.Journal.open(journal or self.folder / "estate")
        self._journals.append(opened)
        staging = azstaging.Staging(
            StaticCredential(self.azure.token(identity)),
            options.pop("config", self.config),
            journal=opened,
            clock=self.clock,
            sleep=self.clock.sleep,
            **options,
        )
        self._opened.append(staging)
        return staging

    def check(self, staging: Any) -> Any:
        """Read, freeze, compare, check and decide."""
        inventory = staging.inventory()
        staging.baseline(inventory)
        diff = staging.diff(inventory)
        return staging.decide(inventory, staging.check(inventory, diff), diff)

    def plan(self, *workloads: str) -> Plan:
        """Plan the named workloads, or all; every one of them must be open."""
        planner = self.as_("planner")
        decisions = self.check(planner)
        wanted = workloads or tuple(w.name for w in self.config.wave.workloads)
        reasons = [r.detail for d in decisions.closed if d.workload in wanted for r in d.reasons]
        assert not reasons
        return planner.plan([d for d in decisions.open if d.workload in wanted])

    def approved(self, *workloads: str) -> Plan:
        """Plan and approve."""
        plan = self.plan(*workloads)
        self.as_("approver").approve(plan, comment="CHG-1")
        return plan

    def release(self, plan: Plan, **options: Any) -> ReleaseResult:
        """Release in earnest, as a run of its own."""
        return self.as_("releaser", **options).release(plan, execute=True)

    def fault(self, kind: str, match: str = STOPS[0], **options: Any) -> None:
        """Add a fault, by default on the stop of a migration item."""
        self.azure.script.add(Fault(match=match, kind=kind, **options))

    def later(self, act: Callable[[Any], object], match: str, **options: Any) -> None:
        """Do something to the estate when a request arrives, before it is answered."""
        self.fault("call", match, call=act, **options)

    def source_power(self, key: str, power: str) -> None:
        """Switch a source machine, as discovery sees it."""
        source = self.state.scene.ids.source(self.state.machine(key))
        self.state.change(source, {"properties.powerStatus": power})

    @property
    def changes(self) -> list[Any]:
        """Every request that was no read, in order."""
        return [r for r in self.azure.requests if r.method != "GET"]

    def sent(self) -> Counter[str]:
        """Stop requests by key of the machine."""
        keys = {self.state.item_id(m.key).casefold(): m.key for m in self.azure.estate.machines}
        return Counter(keys[r.path.casefold().removesuffix("/remove")] for r in self.changes)

    def states(self, result: ReleaseResult) -> dict[str, str]:
        """Receipts by key of the machine."""
        keys = {self.state.item_id(m.key).casefold(): m.key for m in self.azure.estate.machines}
        return {keys[r.item_id.casefold()]: r.state.value for r in result.receipts}

    def held(self, result: ReleaseResult) -> dict[str, str]:
        """Reasons by key of the machine."""
        keys = {self.state.item_id(m.key).casefold(): m.key for m in self.azure.estate.machines}
        return {keys[h.item_id.casefold()]: h.reason for h in result.held}

    def records(self, kind: RecordType) -> list[Any]:
        """Records of one type; the journal must be open or free."""
        with azstaging.Journal.open(self.folder / "estate") as journal:
            return [record for record in journal.records() if record.type == kind.value]

    def open_attempts(self) -> tuple[Any, ...]:
        with azstaging.Journal.open(self.folder / "estate") as journal:
            return journal.history().open_attempts()

    def verifies(self) -> bool:
        return azstaging.Journal.verify_at(self.folder / "estate").ok

    def leave(self) -> None:
        """Close everybody's connections and journals, as the end of their processes would."""
        for staging in self._opened:
            staging.azure.close()
        for journal in self._journals:
            journal.close()
        self._opened.clear()
        self._journals.clear()

    def stop(self) -> None:
        self.leave()
        self.azure.stop()


AGENTLESS: Mapping[str, tuple[str, ...]] = {
    "Build": ("build-01", "build-02"),
    "Files": ("file-01",),
    "Reports": ("report-02",),
}


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Callable[..., Bench]]:
    """Start a bench over some workloads (three agentless ones by default)."""
    started: list[Bench] = []

    def start(
        workloads: Mapping[str, tuple[str, ...]] = AGENTLESS,
        *,
        locks: tuple[Lock, ...] = (),
        also: Mapping[str, tuple[str, ...]] = {},
        **options: Any,
    ) -> Bench:
        folder = tmp_path / f"bench-{len(started)}"
        folder.mkdir()
        estate = granting(small_estate(workloads, locks=locks), also)
        started.append(Bench(folder, estate, **options))
        return started[-1]

    yield start
    for each in started:
        each.stop()


def waiver_toml(workload: str, check: str, *, created: datetime, expires: datetime) -> str:
    """Write a waiver as the configuration has it."""
    fields = {"check": check, "workload": workload, "reason": "Seen off.", "category": "accepted"}
    fields |= {"approver": "operations lead", "ticket": "CHG-2"}
    lines = [f'{name} = "{value}"' for name, value in fields.items()]
    times = [
        f"{n} = {t:%Y-%m-%dT%H:%M:%SZ}" for n, t in (("created", created), ("expires", expires))
    ]
    return "\n".join(["[[waiver]]", *lines, *times, ""])


__all__ = ["Bench", "Waiver"]
