"""``azstaging init``."""

import os
from pathlib import Path

import click

from azstaging.cli import exit_codes
from azstaging.cli.output import emit, output_options
from azstaging.cli.streams import say
from azstaging.config import FILE_NAME
from azstaging.errors import ConfigurationError
from azstaging.files import write_whole

TEMPLATE = """\
# azstaging: one file per estate. No secrets belong in here.

[cloud]
name = "public"            # public, usgov or china
# arm_endpoint = "http://127.0.0.1:8443"   # a local Azure instead (loopback only)
# boards_url   = "http://127.0.0.1:8443"

[scope]                    # empty: everything that the credential sees
# subscriptions = ["00000000-0000-0000-0000-000000000000"]
# vaults = ["/subscriptions/.../providers/Microsoft.RecoveryServices/vaults/..."]

[wave]
name = "wave-1"
# expected = 12                          # a count, or a CSV file with a column id
# release_after = 2026-12-03T16:00:00Z   # cooling-off
# due = 2026-12-10T16:00:00Z             # open actions done, wave released: for reports
# max_release = 25                       # most items in one plan; a count or "20%"

# [[workload]]                           # what is released together, all or nothing
# name = "Payroll"
# owner = "finance-it@contoso.example"
# criticality = "high"
# items = ["payroll-db", "payroll-web*"] # ARM ids, machine names or globs
# endpoints = ["https://payroll.contoso.example/health"]

[gate]
# required = ["phase-staged", "target-running", "diff-clean"]
# advisory = []
# approvals = 1
# max_stops_per_hour = 10                # of all runs and plans; more wait for the next hour
# lifetimes = { target-running = 3600 }  # seconds
# accept_unprovable_target = false       # Azure Local: job and absence would be proof enough

[probes]
run_command = false                      # commands inside the guest: off unless switched on

# [[waiver]]                             # one check, one item or workload, at most 30 days
# check = "licence"
# workload = "Payroll"
# reason = "The licence is moved at the end of the month."
# category = "accepted-risk"
# approver = "operations lead"
# ticket = "CHG-4471"
# created = 2026-11-23T08:00:00Z
# expires = 2026-12-10T08:00:00Z

# [[expect]]                             # a difference that is meant
# field = "os.host_name"
# reason = "Renamed by the new naming scheme."
# owner = "operations lead"
# expires = 2026-12-31T00:00:00Z

# [boards]
# organization = "contoso"
# project = "Datacenter exit"

[journal]
url = "estate"                           # the estate folder; keep it, it is the evidence
"""


@click.command("init")
@click.option(
    "--out",
    type=click.Path(dir_okay=False, path_type=Path),
    default=Path(FILE_NAME),
    show_default=True,
    help="The file to write.",
)
@output_options
def command(out: Path, output: str, query: str | None) -> int:
    """Write a commented azstaging.toml. An existing file is left alone."""
    if os.path.lexists(out):
        raise ConfigurationError(
            f"{out} is there already; it was left alone.", advice="Give another --out."
        )
    write_whole(out, TEMPLATE.encode(), what="configuration")
    row = {"file": str(out)}
    emit({"schema": "azstaging/init/1"} | row, [row], output=output, query=query, lines=())
    say(f"{out} is written. Next: azstaging doctor.")
    return exit_codes.DONE
