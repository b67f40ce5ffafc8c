"""The verbs of the configuration documentation: freeze, and compare with what was frozen."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from azstaging.engine.baselined import with_baselines
from azstaging.engine.drifting import find_drift
from azstaging.journal.baselines import read_baselines, require_baselines, write_baselines
from azstaging.model.differences import Diff
from azstaging.model.drift import Drift
from azstaging.model.ids import ResourceId, id_key
from azstaging.model.inventory import Inventory, Phase
from azstaging.model.machines import SourceMachine
from azstaging.model.plans import Plan
from azstaging.rules import history
from azstaging.rules.baseline import Frozen, frozen_now, on_baseline
from azstaging.rules.diff import diff_inventory
from azstaging.rules.target_facts import Facts, with_facts
from azstaging.run import Run


class Comparing(Run):
    """A `Run` that freezes and compares."""

    def baseline(
        self,
        inventory: Inventory,
        *,
        again: bool = False,
        sources: Mapping[ResourceId, SourceMachine] | None = None,
    ) -> tuple[Path, ...]:
        """Freeze source, intended and target configuration into the estate folder.

        Args:
            inventory: what to freeze; released items are left as they are frozen.
            again: replace the source and the target that were frozen first; else they stand.
            sources: item -> what an import tells of its source (`rules.source_import`); it fills
                what discovery does not tell.

        Returns:
            One content-addressed file per item, each recorded in the journal.
        """
        journal = self._require_journal("baseline")
        earlier = {} if again else self.frozen(inventory)
        rows = [row for row in inventory if row.phase is not Phase.RELEASED]
        paths, records = write_baselines(journal.folder, rows, earlier, sources or {})
        journal.publish(paths)
        self._append(*records)
        return paths

    def diff(
        self, inventory: Inventory, *, keep_same: bool = True, facts: Facts | None = None
    ) -> Diff:
        """Compare every machine with its source, frozen if it was, and with what was intended.

        A released machine is compared with its baseline, the one truth that is left of it.

        Args:
            inventory: what to compare.
            keep_same: keep a row of each field that is the same; else they are counted.
            facts: item -> what its guest tells in Azure (`rules.target_facts`); the source's are
                those of its baseline.
        """
        frozen = self.frozen(inventory)
        seen = with_baselines(
            self.azure,
            inventory,
            frozen,
            threads=self.config.cloud.max_in_flight,
            progress=self._progress,
        )
        seen = with_facts(seen, facts or {})
        diff = diff_inventory(seen, self.config.expectations, at=self._clock(), keep_same=keep_same)
        diff = replace(diff, baselines=frozen_now(seen, frozen))
        self._append(history.diff_record(diff))
        return diff

    def _compared(self, inventory: Inventory) -> Diff:
        """Compare what was read with what was frozen, without a read or a record more.

        Released machines are left out: only another read tells what became of them.
        """
        frozen = self.frozen(inventory)
        rows = tuple(
            on_baseline(row, frozen) for row in inventory if row.phase is not Phase.RELEASED
        )
        seen = replace(inventory, items=rows)
        return diff_inventory(seen, self.config.expectations, at=self._clock(), keep_same=False)

    def drift(self, inventory: Inventory) -> Drift:
        """Compare target and plan with the baseline: what changed since, by whom, and when.

        Who did it comes from the activity log, which keeps 90 days; where it cannot be read, the
        change is there without a name, and the note says why.
        """
        frozen = self.frozen(inventory)
        threads = self.config.cloud.max_in_flight
        seen = with_baselines(
            self.azure, inventory, frozen, threads=threads, progress=self._progress
        )
        return find_drift(
            self.azure,
            seen,
            frozen,
            now=self._clock(),
            threads=threads,
            progress=self._progress,
        )

    def frozen(self, inventory: Inventory) -> dict[str, Frozen]:
        """Return the baselines of an inventory's items, by casefolded id; none without a journal.

        Raises:
            JournalError: a file is missing, or is not what the journal recorded.
        """
        if self.journal is None:
            return {}
        recorded, wanted = self.past().baselines(), {row.id.key for row in inventory}
        mine = [baseline for key, baseline in recorded.items() if key in wanted]
        self.journal.fetch(baseline.file for baseline in mine)
        return read_baselines(self.journal.folder, mine)

    def _require_baselines(self, plan: Plan) -> None:
        """Refuse a plan with an item whose source would be told by nothing after the stop."""
        journal, recorded = self._require_journal("release"), self.past().baselines()
        planned = {id_key(item.id) for item in plan.items}
        journal.fetch(each.file for key, each in recorded.items() if key in planned)
        require_baselines(journal.folder, recorded, plan)
