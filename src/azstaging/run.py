"""One run: its configuration, connection, principal, journal and clock. No verbs."""

import time
import uuid
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from functools import wraps
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import urlsplit

from azstaging.config import Configuration
from azstaging.engine.follow import Follower
from azstaging.engine.looking import ReadOnly
from azstaging.engine.ports import AzurePort, Clock, Progress, Sleep
from azstaging.errors import AccessDeniedError, ConfigurationError, NotFoundError
from azstaging.journal import Journal
from azstaging.model.inventory import Inventory
from azstaging.model.plans import Principal
from azstaging.model.records import NewRecord, Record
from azstaging.rules import history
from azstaging.spans import span

if TYPE_CHECKING:
    from azure.core.credentials import TokenCredential


def utc_now() -> datetime:
    """Return the time, aware UTC: the one clock of the library."""
    return datetime.now(timezone.utc)


VERBS = (
    *("inventory", "baseline", "diff", "check", "decide", "report", "job_history"),
    *("assets", "boards"),
    *("preflight", "plan", "plan_abandon", "approve", "sign_approval"),
    *("accept_approval", "preview", "release", "abandon"),
)
"""Each call of one of these is one span, while tracing is on; see ``spans.py``."""


def _traced(method: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(method)
    def inside(self: "Run", *args: Any, **kwargs: Any) -> Any:
        with span(method.__name__, run=self.run, wave=self.config.wave.name):
            return method(self, *args, **kwargs)

    return inside


def _silent(step: str, done: int, total: int) -> None:
    """Show no progress."""


def _named(asked: str) -> str:
    return "a local Azure" if asked == "loopback" else asked


class Run:
    """What every verb needs.

    Args:
        credential: any azure-core ``TokenCredential``; None picks one.
        config: the configuration, or None for the defaults.
        journal: an open journal; without one nothing can be planned, approved or released.
        progress: called with (step, done, total).
        deadline: when to stop cleanly, aware UTC.
        clock, sleep: for rehearsals and tests.
    """

    def __init_subclass__(cls) -> None:
        """Trace the verbs that a subclass defines."""
        for name in VERBS:
            if name in vars(cls):
                setattr(cls, name, _traced(vars(cls)[name]))

    def __init__(
        self,
        credential: "TokenCredential | None" = None,
        config: Configuration | None = None,
        *,
        journal: Journal | None = None,
        progress: Progress = _silent,
        deadline: datetime | None = None,
        clock: Clock = utc_now,
        sleep: Sleep = time.sleep,
    ) -> None:
        self.config = config or Configuration()
        self.journal = journal
        self.run = uuid.uuid4().hex[:12]
        self._credential = credential
        self._progress = progress
        self._deadline = deadline
        self._clock = clock
        self._sleep = sleep
        self._azure: AzurePort | None = None
        self._principal: tuple[Principal | None] | None = None
        self._nameless = False
        self._last_inventory: Inventory | None = None
        self._same_azure = False
        self._looks_through = False

    @property
    def azure(self) -> AzurePort:
        """Azure, to read from; the connection is made on first use. It has no ``stop``."""
        return cast(AzurePort, ReadOnly(self._connected()))

    def _connected(self) -> AzurePort:
        if self._azure is None:
            from azstaging.azure import connect  # noqa: PLC0415 - loads the Azure modules
            from azstaging.azure.throttle import Rates  # noqa: PLC0415

            cloud = self.config.cloud
            self._azure = connect(
                cloud,
                self._credential,
                deadline=self._deadline,
                clock=self._clock,
                max_in_flight=cloud.max_in_flight,
                rates=Rates(
                    vault_reads_per_second=cloud.vault_reads_per_second,
                    vault_read_burst=2 * cloud.vault_reads_per_second,
                ),
                sleep=self._sleep,
            )
        return self._azure

    def look_through(self, lens: Callable[[AzurePort], AzurePort]) -> None:
        """Put something between this run and Azure, to see every answer: ``lens(azure)``.

        It is not offered the stop, so from here on this run can only read Azure.
        """
        self._azure = lens(self.azure)
        self._looks_through = True

    def _require_direct(self, verb: str) -> None:
        if self._looks_through:
            raise ConfigurationError(
                f"{verb} cannot change Azure through what look_through put before it; nothing was "
                "sent.",
                advice="Do it with a new Staging that looks through nothing.",
            )

    def principal(self) -> Principal | None:
        """Who we are to ARM: None for an opaque token, which cannot plan, approve or release."""
        if self._principal is None:
            try:
                self._principal = (self.azure.principal(),)
            except (AccessDeniedError, NotFoundError):
                self._nameless = True
                raise
        return self._principal[0]

    def past(self) -> history.History:
        """Everything the journal says, verified and folded; empty without a journal."""
        return self.journal.history() if self.journal else history.History()

    def _append(self, *records: NewRecord) -> tuple[Record, ...]:
        if self.journal is None or not records:
            return ()
        self._require_same_azure()
        return self.journal.append(
            list(records), at=self._clock(), run=self.run, actor=self._actor()
        )

    def _actor(self) -> str:
        """Return who writes: "" where ARM does not confirm it, and so nobody may plan or release.

        It does not for an opaque token, and for an identity that may not list subscriptions. That
        is asked once for all records of a run, and again by whoever needs a name.
        """
        if self._nameless and self._principal is None:
            return ""
        try:
            principal = self.principal()
        except (AccessDeniedError, NotFoundError):
            return ""
        return principal.key if principal else ""

    def _asked(self) -> str:
        """Return the host of the Azure that is asked; a local one has another port each time."""
        from azstaging.azure import endpoint_of  # noqa: PLC0415 - as above
        from azstaging.azure.clouds import is_loopback_origin  # noqa: PLC0415

        endpoint = endpoint_of(self.config.cloud)
        return "loopback" if is_loopback_origin(endpoint) else urlsplit(endpoint).netloc

    def _require_same_azure(self) -> None:
        """Refuse to record what one Azure says for another: a copy of it has the same ids."""
        if self._same_azure:
            return
        last, asked = self.past().inventory, self._asked()
        if last is not None and last.asked not in {"", asked}:
            raise ConfigurationError(
                f"The journal is of {_named(last.asked)}, and this run asks {_named(asked)}; "
                "nothing was recorded.",
                advice="Name another estate folder: --journal; or mend cloud and "
                "AZSTAGING_ARM_ENDPOINT. Evidence of one Azure is none for another.",
            )
        self._same_azure = True

    def _require_journal(self, verb: str) -> Journal:
        if self.journal is None:
            raise ConfigurationError(
                f"{verb} needs a journal; nothing was changed.",
                advice='Open one: azstaging.Journal.open("estate/"), or [journal] url.',
            )
        return self.journal

    def _follower(self) -> Follower:
        """Return what following attempts needs."""
        return Follower(
            azure=self._connected(),
            clock=self._clock,
            sleep=self._sleep,
            settle=timedelta(seconds=self.config.policy.settle_seconds),
            deadline=self._deadline,
        )
