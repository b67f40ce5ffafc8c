"""What is kept, copied and set up: journal, baselines, captures, configuration, roles."""

from schema_parts import (
    COMPLETE,
    SHAPES,
    STRING,
    Document,
    Keys,
    arm_id,
    count,
    digest,
    flag,
    listed,
    maybe,
    maybe_shape,
    sha256,
    shape,
    shapes,
    text,
    time,
    values,
    word,
)
from schema_shapes import Schema, closed, described

from azstaging.config import CloudSettings, ProbeSettings
from azstaging.model.backlog import BacklogSettings
from azstaging.model.decisions import Policy, Waiver
from azstaging.model.differences import Expectation
from azstaging.model.items import ItemDisk, ItemNic, SourceFacts, TargetSettings
from azstaging.model.machines import SourceMachine, TargetMachine
from azstaging.model.records import RecordType
from azstaging.model.snapshots import ChangeKind
from azstaging.model.waves import Scope, Wave, Workload
from azstaging.rules.residue import KEPT, LEFT, UNKNOWN, Leftover

_SEQ = {"type": "integer", "minimum": -1, "description": "Of the last record; -1: none."}
_HEAD: Keys = {"seq": _SEQ, "hash": sha256("Of the last record; 64 zeros: none.")}
_VERIFIED: Keys = {
    "ok": flag("The chain verifies, and what was asked for is in it."),
    "records": count("How many records verify, from the first on."),
    "head": text("Hash of the last record that verifies."),
    "first_bad_seq": maybe("integer", "Sequence of the first record that does not verify."),
    "reason": text("Why not; empty when it is ok."),
    "signature": text("none, good (by the given key), unchecked or bad."),
}
_RECORD: Keys = {
    "seq": count("0, 1, 2, ...; record 0 opens the journal."),
    "at": time("When it was written."),
    "run": text("Id of the run that wrote it."),
    "actor": text("tid/oid of the principal; empty when none is known."),
    "type": word(*values(RecordType)),
}
_EXPORTED: Keys = {
    "file": text("Path of what was written."),
    "records": count("Number of records in it."),
    "head": sha256("Of the last record."),
}
_ADOPTED: Keys = {"folder": text("The estate folder."), **_HEAD}
_JOURNALS = [
    Document(
        name="journal",
        about="What azstaging journal show -o json prints.",
        keys={
            "records": listed(
                closed(
                    _RECORD
                    | {
                        "data": {"type": "object", "description": "By type; see the journal."},
                        "hash": sha256("Of the record; the next one names it."),
                    }
                ),
                "In their order.",
            )
        },
        row=_RECORD,
    ),
    Document(
        name="journal-verify",
        about="What azstaging journal verify -o json prints.",
        keys=_VERIFIED,
        row=_VERIFIED,
    ),
    Document(
        name="journal-head",
        about="What azstaging journal head -o json prints: keep it where the writer cannot reach.",
        keys=_HEAD,
        row=_HEAD,
    ),
    Document(
        name="journal-export",
        about="What azstaging journal export -o json prints.",
        keys=_EXPORTED,
        row=_EXPORTED,
    ),
    Document(
        name="journal-adopt",
        about="What azstaging journal adopt -o json prints.",
        keys=_ADOPTED,
        row=_ADOPTED,
    ),
    Document(
        name="pack",
        about="manifest.json of an exported pack.",
        keys={
            "journal_id": text(),
            "count": count("Number of records."),
            "head": sha256("Of the last record."),
            "files": listed(
                closed(
                    {
                        "name": text("Entry of the pack."),
                        "size_bytes": count(),
                        "sha256": sha256("Of its bytes."),
                    }
                ),
                "Every other entry but the signed statement.",
            ),
        },
    ),
]
_BASELINE_ROW: Keys = {
    "id": arm_id("Of the replicated item."),
    "name": text("Of the machine."),
    "file": text("Path in the estate folder; its name is its content address."),
}
# The same configuration is the same file, whenever it was read.
_FROZEN_SOURCE = SHAPES.properties(SourceMachine)
del _FROZEN_SOURCE["updated_at"]
_CHANGE: Keys = {
    "change": word(*values(ChangeKind)),
    "name": text("Of the machine."),
    "detail": text("One clause."),
    "item_id": arm_id("Of the later inventory; of the earlier where it is gone."),
}
_FILE_ROW: Keys = {"file": text("Path.")}
_INVENTORIES = [
    Document(
        name="changes",
        about="What azstaging inventory --compare -o json prints: what changed since a saved one.",
        keys={
            "before": time("When the saved inventory was read."),
            "after": time("When this one was read."),
            "complete": flag("Both were complete; else something may have changed unseen."),
            "counts": closed({kind: count() for kind in values(ChangeKind)}),
            "changes": listed(closed(_CHANGE), "By kind and id."),
        },
        row=_CHANGE,
    ),
    Document(
        name="baselines",
        about="What azstaging baseline -o json prints: one file per item.",
        keys={
            **COMPLETE,
            "baselines": listed(closed(_BASELINE_ROW)),
            "not_imported": listed(STRING, "What of --source was not taken, and why."),
        },
        row=_BASELINE_ROW,
    ),
    Document(
        name="baseline",
        about="A baseline file of the estate folder: one item, frozen; its name is its SHA-256.",
        keys={
            "item_id": arm_id("Of the replicated item."),
            "generation": text("Changes when the item is protected anew; empty: not told."),
            "source": {
                "anyOf": [closed(_FROZEN_SOURCE), {"type": "null"}],
                "description": "By discovery or an import; null: not known.",
            },
            "intended": closed(
                {
                    "settings": shape(TargetSettings),
                    "source": shape(SourceFacts),
                    "disks": shapes(ItemDisk),
                    "nics": shapes(ItemNic),
                }
            )
            | {"description": "What the replication item says of itself."},
            "target": maybe_shape(TargetMachine, "As it was first staged; null: none yet."),
        },
    ),
    Document(
        name="residue",
        about="What azstaging residue -o json prints: what released replications leave behind.",
        keys={
            "at": time("When it was looked at."),
            "released": count("Number of released items on record."),
            "leftovers": shapes(Leftover, "What should be gone first."),
        },
        row={
            "state": word(LEFT, KEPT, UNKNOWN),
            "kind": text("What kind of thing."),
            "what": text("Which one."),
            "machines": text("Of which machines, separated by commas."),
        },
    ),
    Document(
        name="report-files",
        about="What azstaging report -o json prints: the files that it wrote.",
        keys={
            **COMPLETE,
            "record": count("With --from: sequence of the journal record of that report."),
            "seq": count("With --from: sequence of the last record that it was made from."),
            "files": listed(STRING, "Paths."),
        },
        row=_FILE_ROW,
        optional=("gaps", "record", "seq"),
    ),
    Document(
        name="capture-files",
        about="What azstaging capture -o json prints: the files that it wrote.",
        keys={"items": count("Number of items copied."), "files": listed(STRING, "Paths.")},
        row=_FILE_ROW,
    ),
    Document(
        name="capture-map",
        about="FILE.map.json of azstaging capture --anonymise. It names your machines: keep it.",
        keys={
            "names": {
                "type": "object",
                "additionalProperties": {"type": "string"},
                "description": "Original, as it was first written: pseudonym.",
            }
        },
    ),
]
_BY_CHECK: Schema = {
    "type": "object",
    "additionalProperties": {"type": "integer"},
    "description": "Check id: seconds for which it counts as evidence.",
}
_OF_WAVE = (
    "name",
    "expected",
    "free_days",
    "free_days_source",
    "release_after",
    "due",
    "max_release",
)
_BACKLOG = SHAPES.properties(BacklogSettings)
_SETTINGS = closed(
    {
        "cloud": shape(CloudSettings),
        "scope": shape(Scope),
        "wave": closed({name: SHAPES.properties(Wave)[name] for name in _OF_WAVE}),
        "workload": shapes(Workload),
        "approver": listed(
            closed(
                {
                    "name": text(),
                    "tid": text("Tenant id."),
                    "oid": text("Object id."),
                    "public_key": text("Path of a PEM file, or empty."),
                    "signing_key": text("Path of a PEM file, or empty."),
                }
            )
        ),
        "gate": closed(SHAPES.properties(Policy) | {"lifetimes": _BY_CHECK}),
        "probes": shape(ProbeSettings),
        "waiver": shapes(Waiver),
        "expect": listed(
            closed(
                {name.rstrip("_"): each for name, each in SHAPES.properties(Expectation).items()}
            )
        ),
        "boards": closed(
            {
                "organization": text("Empty: no boards."),
                "project": text(),
                "types": closed({name: text() for name in ("workload", "item", "follow_up")}),
                **{
                    name: _BACKLOG[name]
                    for name in ("states", "area_path", "key_field", "report_url", "follow_ups")
                },
            }
        ),
        "journal": closed({"url": text("The estate folder or container; empty: none.")}),
    }
)
_REHEARSED: Keys = {
    "result": word("done", "none", "failed", "unknown", "held"),
    "name": text("Of the machine."),
    "why": text("Witnesses, or the reason."),
    "id": arm_id("Of the replicated item."),
}
_TOKEN: Keys = {"identity": text("Name."), "token": text("For AZSTAGING_TOKEN; of loopback only.")}
_WHEEL: Keys = {
    "name": text("Of the distribution."),
    "version": text(),
    "size_bytes": count(),
    "sha256": sha256("Of the wheel."),
}
_GRANT: Keys = {
    "role": text("reader, prober or releaser."),
    "action": text("Exact string, as Azure names it in a refusal."),
    "for": text("What stops working without it."),
    "optional": flag("Only some estates or settings need it."),
}
_ROLE: Keys = {
    "Name": text(),
    "IsCustom": flag(),
    "Description": text(),
    "Actions": listed(STRING),
    "NotActions": listed(STRING),
    "DataActions": listed(STRING),
    "NotDataActions": listed(STRING),
    "AssignableScopes": listed(STRING),
}
_WRITTEN: Keys = {"file": text("Path of what was written.")}
_TOOLS = [
    Document(
        name="rehearsal",
        about="What azstaging rehearse -o json prints: what would have happened.",
        keys={
            "plan": digest("Of the plan that was rehearsed."),
            "not_rehearsed": listed(STRING, "Required checks that look at the machines."),
            "stops_accepted": count("Stop requests that the copy accepted."),
            "items": listed(closed(_REHEARSED), "One per item of the plan."),
        },
        row=_REHEARSED,
    ),
    Document(
        name="emulator",
        about="What azstaging emulator serve -o json prints before it serves.",
        keys={
            "url": text("Where it listens."),
            "ca_file": maybe("string", "With --tls: its certificate authority."),
            "machines": count(),
            "tokens": {
                "type": "object",
                "additionalProperties": {"type": "string"},
                "description": "Identity: its token; it means nothing elsewhere.",
            },
        },
        row=_TOKEN,
    ),
    Document(
        name="bundle",
        about="What azstaging runbook bundle -o json prints: the wheels that it gathered.",
        keys={
            "folder": text("Where they are."),
            "count": count("Number of wheels."),
            "size_bytes": count("Of all wheels."),
            "wheels": listed(closed(_WHEEL)),
        },
        row=_WHEEL,
    ),
    Document(
        name="rbac",
        about="What azstaging rbac -o json prints: the least-privilege roles.",
        keys={
            "roles": listed(closed(_ROLE), "As az role definition create takes them."),
            "grants": listed(closed(_GRANT), "Each action with what it is for."),
        },
        row=_GRANT,
    ),
    Document(name="init", about="What azstaging init -o json prints.", keys=_WRITTEN, row=_WRITTEN),
    Document(
        name="config",
        about="What azstaging config show -o json prints: every setting by its name.",
        keys={
            "settings": _SETTINGS,
            "origins": {
                "type": "object",
                "additionalProperties": {"type": "string"},
                "description": "Key of a setting: its file or variable. The rest has its default.",
            },
        },
        row={
            "setting": text("Its key; a table of an array with its index."),
            "value": described({}, "Null: not set."),
            "origin": text("With --origin: the file, the environment variable, or default."),
        },
        row_optional=("origin",),
    ),
]
DOCUMENTS = (*_JOURNALS, *_INVENTORIES, *_TOOLS)
