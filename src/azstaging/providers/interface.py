"""What a provider is: one ``instanceType`` of the service, read and judged by one file.

A provider turns the JSON of its items into `ReplicatedItem`, its raw states into the closed set
of `Facts`, and knows the one request that stops its replication. It decides nothing: the phase is
derived in `azstaging.rules.phase`, the gate in `azstaging.rules.gate`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from azstaging.model.ids import ResourceId
from azstaging.model.items import (
    Collection,
    Cutover,
    Facts,
    ItemDisk,
    ItemNic,
    JsonObject,
    ReplicatedItem,
    Replication,
    SourceFacts,
    StopRequest,
    TargetSettings,
)
from azstaging.model.values import as_struct


class Provider(Protocol):
    """One ``instanceType``."""

    @property
    def instance_type(self) -> str:
        """The discriminator, spelt as the service spells it; compared exactly."""
        ...

    @property
    def collection(self) -> Collection:
        """The ARM collection that its items live in."""
        ...

    def parse(self, body: JsonObject) -> ReplicatedItem:
        """Read one item.

        Raises:
            UnexpectedResponseError: the body has no usable ARM id; anything else survives.
        """
        ...

    def facts(self, item: ReplicatedItem) -> Facts:
        """Map the item's raw states to facts; a value that is not known gives None."""
        ...

    def stop_request(self, item: ReplicatedItem) -> StopRequest | None:
        """Return the one request that stops this item, or None: it is never stopped by us."""
        ...


@as_struct
@dataclass(frozen=True, slots=True, kw_only=True)
class Details:
    """What a provider reads of its own part of the JSON; `ReplicatedItem` has the meanings."""

    detailed: bool = True
    source_id: ResourceId | None = None
    target_id: ResourceId | None = None
    test_target_id: ResourceId | None = None
    test_target_name: str = ""
    settings: TargetSettings = field(default_factory=TargetSettings)
    source: SourceFacts = field(default_factory=SourceFacts)
    disks: tuple[ItemDisk, ...] = ()
    nics: tuple[ItemNic, ...] = ()
    last_recovery_point: str = ""
    rpo_seconds: int | None = None


StateMeaning = tuple[Cutover | None, Replication]
"""What a state says: cutover (None: the state does not tell) and replication."""

StateTable = Mapping[str, StateMeaning]
"""Every state that a provider knows. A state that is not in the table is unrecognised."""
