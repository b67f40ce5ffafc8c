"""What the backlog should say, from what was read and decided. Nothing here knows Boards."""

from collections import Counter
from collections.abc import Iterable
from hashlib import sha256

from azstaging.model.backlog import BacklogSettings, Level, Wish
from azstaging.model.decisions import Decision, Decisions, GateClosed, Waiver
from azstaging.model.differences import Diff, DiffClass, Difference
from azstaging.model.findings import Finding, Findings, Outcome, workload_subject
from azstaging.model.ids import ResourceId
from azstaging.model.inventory import Inventory, InventoryItem, Phase
from azstaging.model.times import format_time
from azstaging.rules.backlog_compare import KEY_PREFIX, TAG
from azstaging.rules.backlog_states import DONE, MIXED, OPEN
from azstaging.rules.backlog_text import MAX_TITLE_CHARS, plain

MAX_ROWS = 40
_ATTENTION = {Phase.FAILED, Phase.CONTRADICTION, Phase.REVERSED, Phase.UNRECOGNISED}

_PLAIN = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/-_.~")


def key_of(settings: BacklogSettings, level: Level, subject: str) -> str:
    """Return the key of a work item: twelve hexadecimal digits of what it stands for."""
    text = f"{settings.namespace}\0{level.value}\0{subject.casefold()}"
    return sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:12]


def build_wishes(
    inventory: Inventory,
    findings: Findings | None,
    diff: Diff | None,
    decisions: Decisions | None,
    settings: BacklogSettings,
    *,
    waivers: Iterable[Waiver] = (),
) -> tuple[Wish, ...]:
    """Return one wish per workload, one per item, and the follow-ups; sorted by level and key.

    An item is a child of its first workload by name and related to the others. Times of a run
    are left out, so that a second look at the same state wishes for the same.
    """
    context = _Context(inventory, findings, diff, decisions, settings)
    wishes = [context.workload(name) for name in context.workloads]
    wishes += [context.item(row) for row in inventory]
    if settings.follow_ups:
        if diff is not None:
            wishes += [context.differences(row) for row in inventory]
        wishes += [context.waiver(waiver) for waiver in waivers]
    unique = {wish.key: wish for wish in wishes}
    levels = list(Level)
    return tuple(sorted(unique.values(), key=lambda w: (levels.index(w.level), w.title, w.key)))


class _Context:
    """The inputs, indexed once."""

    def __init__(
        self,
        inventory: Inventory,
        findings: Findings | None,
        diff: Diff | None,
        decisions: Decisions | None,
        settings: BacklogSettings,
    ) -> None:
        self._settings = settings
        self._members: dict[str, list[InventoryItem]] = {}
        for row in inventory:
            for name in row.workloads:
                self._members.setdefault(name, []).append(row)
        self._decisions: dict[str, Decision] = {d.workload: d for d in decisions or ()}
        self.workloads = sorted(self._members.keys() | self._decisions.keys())
        self._findings: dict[str, list[Finding]] | None = None
        if findings is not None:
            self._findings = {}
            for finding in findings:
                self._findings.setdefault(finding.subject.id, []).append(finding)
        self._rows: dict[str, list[Difference]] | None = None
        if diff is not None:
            self._rows = {}
            for difference in diff:
                self._rows.setdefault(difference.item_id.key, []).append(difference)

    # -- one wish each ------------------------------------------------------------------------

    def workload(self, name: str) -> Wish:
        members = self._members.get(name, [])
        phases = {row.phase for row in members}
        phase = next(iter(phases)).value if len(phases) == 1 else MIXED
        counts = Counter(row.phase.value for row in members)
        told = ", ".join(f"{number} {text}" for text, number in sorted(counts.items()))
        gate = self._gate(name)
        listed = [(row.name, row.phase.value) for row in members]
        subjects = [workload_subject(name)]
        lines = [
            ("Workload", name),
            ("Items", f"{len(members)}: {told}" if members else "none was read"),
            ("Gate", gate),
            *self._reasons(name),
            *_capped(listed),
            *self._checks(subjects),
        ]
        evidence = self._evidence([*subjects, *(row.id.key for row in members)])
        return self._wish(
            Level.WORKLOAD,
            name,
            title=f"Workload: {name}",
            phase=phase,
            lines=[*lines, ("Evidence", evidence)],
            tags=(self._gate_tag(name),),
            links=self._report_links(),
            evidence=evidence,
            why=f"{told or 'no items'}; gate {gate}",
        )

    def item(self, row: InventoryItem) -> Wish:
        target = str(row.target_id) if row.target_id else row.target_note or "none was found"
        gates = [(f"Gate of {name}", self._gate(name)) for name in row.workloads]
        lines = [
            ("Machine", row.name),
            ("Phase", row.phase.value),
            *[("Because", clause) for clause in row.phase_evidence],
            ("Replication", f"{row.item.provider}, {row.id}"),
            ("Target machine", target),
            *gates,
            *self._checks([row.id.key]),
            *self._difference_lines(row),
        ]
        evidence = self._evidence([row.id.key])
        first, *others = [self._key(Level.WORKLOAD, name) for name in sorted(row.workloads)] or [""]
        return self._wish(
            Level.ITEM,
            row.id.key,
            title=f"{row.name}: stage and release",
            phase=row.phase.value,
            lines=[*lines, ("Evidence", evidence)],
            tags=("azst-attention",) if row.phase in _ATTENTION else (),
            links=(self._portal_link(row.id), *self._report_links()),
            evidence=evidence,
            why=f"phase {row.phase.value}" + "".join(f"; {k}: {v}" for k, v in gates),
            parent_key=first,
            related_keys=tuple(others),
            resource_id=row.id,
        )

    def differences(self, row: InventoryItem) -> Wish:
        acts = [d for d in (self._rows or {}).get(row.id.key, []) if d.cls is DiffClass.ACT]
        lines = [("Machine", row.name), ("Resource", str(row.id))]
        lines += _capped([(d.field, _difference(d)) for d in acts])
        done = "nothing is left to act on"
        return self._wish(
            Level.DIFFERENCES,
            row.id.key,
            title=f"{row.name}: differences to act on",
            phase=OPEN if acts else DONE,
            lines=lines if acts else [*lines, ("Differences", done)],
            links=(self._portal_link(row.id),),
            why=f"{len(acts)} differences to act on" if acts else done,
            parent_key=self._key(Level.ITEM, row.id.key),
            only_existing=not acts,
            resource_id=row.id,
        )

    def waiver(self, waiver: Waiver) -> Wish:
        subject = f"{waiver.check}\0{waiver.subject}"
        lines = [
            ("Check", waiver.check),
            ("Subject", waiver.subject),
            ("Reason", waiver.reason),
            ("Category", waiver.category),
            ("Approved by", waiver.approver),
            ("Ticket", waiver.ticket),
            ("Expires", format_time(waiver.expires)),
        ]
        parent = self._key(Level.WORKLOAD, waiver.subject)
        if waiver.subject.startswith("/"):
            parent = self._key(Level.ITEM, ResourceId(waiver.subject).key)
        return self._wish(
            Level.WAIVER,
            subject,
            title=f"Waiver of {waiver.check} ends: {waiver.subject.rpartition('/')[2]}",
            phase=OPEN,
            lines=lines,
            why=f"the waiver ends at {format_time(waiver.expires)}",
            parent_key=parent,
            due=waiver.expires,
        )

    # -- parts --------------------------------------------------------------------------------

    def _wish(
        self,
        level: Level,
        subject: str,
        *,
        title: str,
        phase: str,
        lines: list[tuple[str, str]],
        tags: tuple[str, ...] = (),
        **rest: object,
    ) -> Wish:
        settings, key = self._settings, self._key(level, subject)
        types = {Level.WORKLOAD: settings.workload_type, Level.ITEM: settings.item_type}
        follow_up = level not in types
        state = "" if follow_up else settings.states.get(phase, "")
        return Wish(
            key=key,
            level=level,
            type=types.get(level, settings.follow_up_type),
            title=plain(title, limit=MAX_TITLE_CHARS),
            phase=phase,
            state=state,
            tags=(TAG, KEY_PREFIX + key, *(tag for tag in tags if tag)),
            lines=tuple((plain(label), plain(text)) for label, text in lines),
            **rest,  # type: ignore[arg-type]  # the rest of Wish's own fields
        )

    def _key(self, level: Level, subject: str) -> str:
        return key_of(self._settings, level, subject)

    def _gate(self, name: str) -> str:
        decision = self._decisions.get(name)
        if decision is None:
            return "not decided"
        if isinstance(decision, GateClosed):
            return f"closed, {len(decision.reasons)} reasons"
        return "open"

    def _gate_tag(self, name: str) -> str:
        decision = self._decisions.get(name)
        if decision is None:
            return ""
        return "azst-gate-closed" if isinstance(decision, GateClosed) else "azst-gate-open"

    def _reasons(self, name: str) -> list[tuple[str, str]]:
        decision = self._decisions.get(name)
        if not isinstance(decision, GateClosed):
            return []
        rows = {(r.code, r.next_step) for r in decision.reasons}
        return _capped(sorted(rows))

    def _checks(self, subjects: Iterable[str]) -> list[tuple[str, str]]:
        if self._findings is None:
            return [("Checks", "not run")]
        found = [f for subject in subjects for f in self._findings.get(subject, [])]
        passed = sum(f.outcome is Outcome.PASS for f in found)
        # Only the outcome and the next step: a detail with a measured number would be news
        # at every run.
        rest = {(f"Check {f.check}", f"{f.outcome.value}. {f.next_step}") for f in found}
        open_ones = sorted(row for row in rest if not row[1].startswith(Outcome.PASS.value))
        return [("Checks", f"{passed} of {len(found)} passed"), *_capped(open_ones)]

    def _difference_lines(self, row: InventoryItem) -> list[tuple[str, str]]:
        if self._rows is None:
            return [("Differences", "not compared")]
        rows = self._rows.get(row.id.key, [])
        counts = Counter(d.cls for d in rows)
        told = ", ".join(f"{counts[c]} {c.value}" for c in DiffClass if counts[c])
        shown = [d for d in rows if d.cls in {DiffClass.ACT, DiffClass.SUSPICIOUS}]
        listed = [(d.field, f"{d.cls.value}: {_difference(d)}") for d in shown]
        return [("Differences", told or "none"), *_capped(listed)]

    def _evidence(self, subjects: Iterable[str]) -> str:
        """Digest what the findings say of whom; when they were made is left out."""
        if self._findings is None:
            return "none"
        rows = sorted(
            (f.subject.id, f.check, f.outcome.value, f.subject.generation, f.subject.target)
            for subject in subjects
            for f in self._findings.get(subject, [])
        )
        text = "\n".join("\t".join(row) for row in rows)
        return sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]

    def _portal_link(self, id: ResourceId) -> tuple[str, str]:
        url = f"{self._settings.portal_url}/#resource{_quoted(id.text)}"
        return url, "replicated item"

    def _report_links(self) -> tuple[tuple[str, str], ...]:
        url = self._settings.report_url
        return ((url, "report"),) if url else ()


def _difference(row: Difference) -> str:
    named = "intended" if row.compared_with == row.intended else "source"
    return f"{named} {row.compared_with or 'not told'}, actual {row.actual or 'not told'}"


def _capped(rows: list[tuple[str, str]]) -> list[tuple[str, str]]:
    if len(rows) <= MAX_ROWS:
        return rows
    return [*rows[:MAX_ROWS], ("And", f"{len(rows) - MAX_ROWS} more")]


def _quoted(text: str) -> str:
    """Percent-encode what has a meaning in a URL."""
    return "".join(chr(b) if chr(b) in _PLAIN else f"%{b:02X}" for b in text.encode())
