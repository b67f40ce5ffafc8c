"""``[[approver]]``: who may approve, and with which keys."""

from dataclasses import dataclass
from pathlib import Path

from azstaging.config_fields import Table
from azstaging.model.plans import Principal


@dataclass(frozen=True, slots=True, kw_only=True)
class Approver:
    """Somebody who may approve. Where some are named, nobody else may.

    Attributes:
        public_key: PEM file that verifies their signed approvals, or None.
        signing_key: PEM file on their own machine that signs them, or None. The file is read when
            it signs; it is never copied, logged or recorded.
    """

    principal: Principal
    public_key: Path | None = None
    signing_key: Path | None = None


def approver_from(table: Table, folder: Path) -> Approver:
    """Read one table; paths are relative to the file's folder."""
    public, signing = table.text("public_key"), table.text("signing_key")
    approver = Approver(
        principal=Principal(
            tid=table.required_text("tid"),
            oid=table.required_text("oid"),
            name=table.required_text("name"),
        ),
        public_key=folder / public if public else None,
        signing_key=folder / signing if signing else None,
    )
    table.finish()
    return approver
