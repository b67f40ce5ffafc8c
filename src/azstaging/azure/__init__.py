"""Azure: what goes over the wire, and nothing else.

Importing this package loads no Azure module; `connect` does.
"""

import random
import time
from collections.abc import Callable
from datetime import datetime, timezone
from importlib import import_module
from typing import TYPE_CHECKING, Protocol

from azstaging.azure.clouds import Cloud, choose_cloud

if TYPE_CHECKING:
    from azstaging.azure.connection import AzureConnection
    from azstaging.azure.credentials import TokenCredential
    from azstaging.azure.throttle import Rates

__all__ = ["Cloud", "choose_cloud", "connect", "endpoint_of"]


class CloudSettings(Protocol):
    """The table ``[cloud]`` of the configuration; "" stands for not set."""

    @property
    def name(self) -> str:
        """``public``, ``usgov`` or ``china``."""
        ...

    @property
    def arm_endpoint(self) -> str:
        """Origin of another ARM, or ""."""
        ...

    @property
    def boards_url(self) -> str:
        """URL of another Azure DevOps, or ""."""
        ...


def _utc_now() -> datetime:
    return datetime.now(timezone.utc)


def connect(
    cloud: "Cloud | CloudSettings | str" = "public",
    credential: "TokenCredential | None" = None,
    *,
    deadline: datetime | None = None,
    max_in_flight: int = 16,
    rates: "Rates | None" = None,
    verify: bool | str | None = None,
    sleep: Callable[[float], None] = time.sleep,
    clock: Callable[[], datetime] = _utc_now,
    monotonic: Callable[[], float] = time.monotonic,
    uniform: Callable[[], float] = random.random,
) -> "AzureConnection":
    """Connect to a cloud. Nothing is sent and no token is asked for until the first read.

    Args:
        cloud: a name, the configuration's ``[cloud]``, or a `Cloud`.
        credential: any azure-core ``TokenCredential``; None picks one.
        deadline: aware UTC; no read begins after it, and no change shortly before it.
        max_in_flight: most requests at the same time.
        rates: how fast to ask; by default a little less than ARM publishes.
        verify: True, or the path of a CA bundle.
        sleep: waits; for rehearsals and tests, as are the next three.
        clock: aware UTC.
        monotonic: seconds.
        uniform: jitter in [0, 1).

    Raises:
        ConfigurationError: unknown cloud, or an endpoint that is not safe to use.
        AuthenticationError: no credential could be made.
    """
    session = import_module("azstaging.azure.session")
    left = None if deadline is None else (deadline - clock()).total_seconds()
    options = {} if rates is None else {"rates": rates}
    arm = session.ArmSession(
        credential,
        _cloud_of(cloud),
        deadline=None if left is None else monotonic() + left,
        max_in_flight=max_in_flight,
        verify=verify,
        sleep=sleep,
        monotonic=monotonic,
        uniform=uniform,
        **options,
    )
    connection: AzureConnection = import_module("azstaging.azure.connection").AzureConnection(arm)
    return connection


def endpoint_of(cloud: "Cloud | CloudSettings | str") -> str:
    """Return the origin of Azure Resource Manager that is asked.

    Raises:
        ConfigurationError: unknown cloud, or an endpoint that is not safe to use.
    """
    return _cloud_of(cloud).arm_endpoint


def _cloud_of(cloud: "Cloud | CloudSettings | str") -> Cloud:
    if isinstance(cloud, Cloud):
        return cloud
    if isinstance(cloud, str):
        return choose_cloud(cloud)
    return choose_cloud(
        cloud.name, arm_endpoint=cloud.arm_endpoint or None, boards_url=cloud.boards_url or None
    )
