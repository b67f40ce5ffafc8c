"""Records of scripts sent into machines: for people, and without effect on a gate. Pure."""

from hashlib import sha256

from azstaging.model.commands import CommandRun, GuestTask
from azstaging.model.records import NewRecord, RecordType
from azstaging.rules.canonical import to_plain


def command_intent_record(task: GuestTask) -> NewRecord:
    """Record that a script is about to be sent into a machine. Written before it is sent."""
    script = sha256(task.script.encode()).hexdigest()
    return NewRecord(
        type=RecordType.COMMAND_INTENT,
        data={"machine_id": str(task.machine), "script_sha256": script},
    )


def command_receipt_record(task: GuestTask, run: CommandRun, operation: str) -> NewRecord:
    """Record what came back of a script, and the operation it ran in ("" for none)."""
    data = to_plain(run) | {"machine_id": str(task.machine), "operation": operation}
    return NewRecord(type=RecordType.COMMAND_RECEIPT, data=data)
