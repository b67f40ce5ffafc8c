"""What is made as a struct is a frozen dataclass to everybody else."""

import dataclasses
import pickle
from typing import Any

import pytest

from azstaging.model.ids import ResourceId
from azstaging.model.inventory import InventoryItem, Phase
from azstaging.model.items import (
    NO_FACTS,
    Collection,
    Facts,
    ItemDisk,
    ReplicatedItem,
    TargetSettings,
)
from azstaging.model.values import as_struct

VAULT = ResourceId("/subscriptions/s/resourceGroups/g/providers/n/vaults/v")


@as_struct
@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Disk:
    """A disk."""

    name: str
    size_gib: int = 64
    tags: dict[str, str] = dataclasses.field(default_factory=dict)
    body: bytes = dataclasses.field(default=b"", repr=False)

    @property
    def size_mib(self) -> int:
        """Its size."""
        return self.size_gib * 1024


def item(**fields: Any) -> ReplicatedItem:
    return ReplicatedItem(
        id=VAULT.child("items", "i"),
        name="i",
        provider="p",
        collection=Collection.PROTECTED_ITEMS,
        vault_id=VAULT,
        **fields,
    )


def test_it_is_frozen_and_takes_nothing_but_its_fields_by_name() -> None:
    disk = Disk(name="os")
    with pytest.raises(AttributeError):
        disk.name = "data"  # type: ignore[misc]
    with pytest.raises(TypeError):
        Disk("os")  # type: ignore[misc]
    with pytest.raises(TypeError):
        Disk(name="os", label="x")  # type: ignore[call-arg]
    with pytest.raises(TypeError):
        Disk()  # type: ignore[call-arg]


def test_defaults_are_not_shared_and_properties_stay() -> None:
    assert Disk(name="a").tags is not Disk(name="b").tags
    assert Disk(name="a", size_gib=2).size_mib == 2048
    assert (Disk.__doc__, Disk.__name__) == ("A disk.", "Disk")


def test_dataclasses_see_their_own() -> None:
    disk = Disk(name="os", tags={"a": "b"})
    assert dataclasses.is_dataclass(disk)
    assert [each.name for each in dataclasses.fields(disk)] == ["name", "size_gib", "tags", "body"]
    changed = dataclasses.replace(disk, size_gib=128)
    assert (changed.name, changed.size_gib, changed.tags) == ("os", 128, {"a": "b"})
    assert dataclasses.asdict(disk)["size_gib"] == 64


def test_equal_values_are_equal_and_have_one_hash() -> None:
    facts = {
        "cutover": None,
        "replication": None,
        "test": None,
        "reversed": None,
        "stop_allowed": False,
        "cleanup_allowed": False,
    }
    one, same = Facts(**facts, idle=None), Facts(**facts, idle=None)
    assert one == same
    assert hash(one) == hash(same)
    assert one != Facts(**facts, idle=True)
    assert TargetSettings() != ItemDisk(source_id="")


def test_the_repr_leaves_out_what_the_dataclass_leaves_out() -> None:
    assert repr(Disk(name="os", body=b"secret")) == "Disk(name='os', size_gib=64, tags={})"
    assert "secret" not in repr(item(body={"password": "secret"}))


def test_it_is_pickled_as_itself() -> None:
    row = InventoryItem(
        item=item(settings=TargetSettings(vm_name="vm")),
        facts=NO_FACTS,
        phase=Phase.STAGED,
    )
    assert pickle.loads(pickle.dumps(row)) == row
