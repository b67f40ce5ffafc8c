"""Collecting: the verb that reads the inventory, afresh or where it was interrupted."""

from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import cast

from azstaging.engine.collect import collect
from azstaging.engine.jobhistory import read_jobs
from azstaging.engine.ports import AzurePort, Clock
from azstaging.engine.resuming import Resuming
from azstaging.errors import DeadlineReachedError
from azstaging.kept_reads import KeptReads
from azstaging.model.inventory import Inventory
from azstaging.model.report import JobHistory
from azstaging.rules import history
from azstaging.run import Run


class Collecting(Run):
    """A `Run` that reads the inventory."""

    def inventory(
        self,
        *,
        lists_only: bool = False,
        resume: str | Path | None = None,
        record: bool = True,
    ) -> Inventory:
        """Read every replicated item in scope, with source, target and test machines.

        Args:
            lists_only: read the lists of items and nothing else: quick, recorded nowhere, and
                no ground for any gate.
            resume: a file that keeps what was read. An interrupted inventory is taken up from
                it, and only what it lacks is read; an answer in which a gap was noticed, such
                as a list that is too short, is asked for again. It is deleted when nothing is
                missing any more, and begun anew when it is older than an hour. The inventory
                is as old as the first answer in it.
            record: False to look only, as for a what-if; nothing is planned on it.

        Returns:
            Items sorted by id, and a gap for everything that could not be read.

        Raises:
            AuthenticationError: no token, or refused.
            ConfigurationError: ``resume`` names a file that is something else.
            DeadlineReachedError: time was up; with ``resume`` what was read is kept.
            ServiceError: not even the list of subscriptions was answered; 403 and 404 are a gap.
        """
        with _saying_what_is_kept(resume):
            if resume is None:
                inventory = self._collect(self.azure, self._clock, lists_only=lists_only)
            else:
                inventory = self._taken_up(resume, lists_only=lists_only)
            if not record:
                self._require_same_azure()
            elif not lists_only:
                self._append(history.inventory_record(inventory, asked=self._asked()))
                self._last_inventory = inventory
        return inventory

    def job_history(self, inventory: Inventory) -> JobHistory:
        """Read the replication jobs of the last 30 days, for the timeline of a report.

        One list per vault that has items. A list that cannot be read is named in the result, and
        its jobs are unknown; it does not raise for that.
        """
        return read_jobs(self.azure, inventory, now=self._clock())

    def _taken_up(self, path: str | Path, *, lists_only: bool) -> Inventory:
        # Whom ARM does not confirm is not the same as everybody else whom it does not.
        reader = self._actor() or self.azure.caller()
        asked = (self.config.cloud, self.config.scope, reader)
        source = sha256(repr(asked).encode()).hexdigest()
        with KeptReads(path, source=source, now=self._clock()) as kept:
            azure = Resuming(self.azure, kept)
            inventory = self._collect(
                cast(AzurePort, azure), lambda: kept.started, lists_only=lists_only
            )
            if inventory.gaps:
                azure.forget_doubted(inventory)
            else:
                kept.remove()
        return inventory

    def _collect(self, azure: AzurePort, clock: Clock, *, lists_only: bool) -> Inventory:
        return collect(
            azure,
            self.config.scope,
            self.config.wave,
            clock=clock,
            released=self.past().released(),
            executor_threads=self.config.cloud.max_in_flight,
            lists_only=lists_only,
            progress=self._progress,
        )


@contextmanager
def _saying_what_is_kept(resume: str | Path | None) -> Iterator[None]:
    """Say of a deadline what the next run will find: without a file that is nothing."""
    try:
        yield
    except DeadlineReachedError as error:
        kept = f"What was read is kept in {resume}."
        advice = "Run the same command again; it reads only what is missing."
        if resume is None or not Path(resume).is_file():
            kept = "Nothing that was read is kept."
            advice = (
                "Run again with a longer --deadline; azstaging inventory --resume FILE keeps "
                "what it reads."
            )
        raise DeadlineReachedError(f"{error} {kept}", advice=advice) from error
