"""The self-test: what this sandbox is, who this job is, and what it may read."""

import os
import platform
import shutil
from collections.abc import Sequence
from importlib.metadata import distributions
from importlib.util import find_spec
from pathlib import Path

from azstaging import __version__
from azstaging.config import Configuration
from azstaging.errors import ConfigurationError, StagingError
from azstaging.runbook.job import COMPLETED, FAILED, credential_for
from azstaging.runbook.parameters import SHARED, configuration_of, read_parameters
from azstaging.runbook.streams import Streams, nothing_on_stderr
from azstaging.staging import Staging

_PACKAGES = ("azure-", "azstaging", "msal", "requests", "cryptography", "msgspec", "jinja2")


def self_test(arguments: Sequence[str]) -> int:
    """Print versions, limits, identity and what it may read. Changes nothing, needs no journal.

    Args:
        arguments: configuration, journal, identity, minutes.

    Returns:
        0, or 1 when a job of this account would fail.
    """
    streams = Streams()
    with nothing_on_stderr(streams):
        _say_place(streams)
        try:
            values = read_parameters(arguments, SHARED)
            config = _configuration(values, streams)
            _say_permissions(
                Staging(credential_for(config, values["identity"], os.environ), config), streams
            )
        except StagingError as error:
            streams.error(f"{error} {error.advice()}")
            return FAILED
    streams.output("finished: the self-test")
    return COMPLETED


def _say_place(streams: Streams) -> None:
    streams.output(f"azstaging {__version__}, Python {platform.python_version()}")
    streams.output(f"platform: {platform.platform()}, {os.cpu_count()} processors")
    streams.output(f"free disk: {shutil.disk_usage(os.curdir).free // 1024**2} MiB")
    streams.output(f"peak memory so far: {_peak_mib()}")
    for name, known in (
        ("IDENTITY_ENDPOINT", "IDENTITY_ENDPOINT" in os.environ),
        ("IDENTITY_HEADER", "IDENTITY_HEADER" in os.environ),
        ("automationassets", find_spec("automationassets") is not None),
    ):
        streams.output(f"{name}: {'there' if known else 'not there'}")
    found = {
        each.metadata["Name"].casefold(): each.version
        for each in distributions()
        if each.metadata["Name"]
    }
    for name in sorted(name for name in found if name.startswith(_PACKAGES)):
        streams.output(f"package: {name} {found[name]}")


def _peak_mib() -> str:
    """Tell the peak of this program alone: getrusage also counts what ran before exec."""
    try:
        status = Path("/proc/self/status").read_text(encoding="ascii")
    except (OSError, UnicodeDecodeError):
        return "not told by this system"
    for line in status.splitlines():
        if line.startswith("VmHWM:"):
            return f"{int(line.split()[1]) // 1024} MiB"
    return "not told by this system"


def _configuration(values: dict[str, str], streams: Streams) -> Configuration:
    """Return the configuration; without a journal only the self-test can use it."""
    place, environ = values["configuration"], dict(os.environ)
    try:
        config = configuration_of(place, values["journal"], environ)
    except ConfigurationError as error:
        config = configuration_of(place, "none, for the self-test", environ)
        streams.warning(f"{error} {error.advice()}")
    streams.output(
        f"configuration: {len(config.wave.workloads)} workloads, wave {config.wave.name}"
    )
    return config


def _say_permissions(staging: Staging, streams: Streams) -> None:
    principal = staging.principal()
    if principal is None:
        streams.warning("identity: the token names nobody; nothing can be released with it")
    else:
        streams.output(f"identity: {principal.name or '(no name)'} {principal.oid}")
        streams.output(f"tenant: {principal.tid}")
    inventory = staging.inventory(lists_only=True)
    streams.output(f"may read: {len(inventory.vaults)} vaults with {len(inventory)} items")
    for gap in inventory.gaps:
        missing = f", missing {gap.permission}" if gap.permission else ""
        streams.warning(f"may not read {gap.scope}: {gap.reason}{missing}")
