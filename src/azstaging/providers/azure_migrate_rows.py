"""The intended VM in rows of lists, which both appliances of Azure Migrate tell alike."""

from functools import lru_cache
from typing import Any

from msgspec.structs import replace

from azstaging.model.items import TargetSettings
from azstaging.providers.documented import Documented, Flag, Tags, few, tags_of_row
from azstaging.providers.fields import as_flag, shared_id


class IntendedVm(Documented):
    """What of the details of a row is said of the VM that a migration will make."""

    target_generation: str | None = None
    license_type: str | None = None
    target_vm_name: str | None = None
    target_vm_size: str | None = None
    target_location: str | None = None
    target_resource_group_id: str | None = None
    target_availability_set_id: str | None = None
    target_availability_zone: str | None = None
    target_network_id: str | None = None
    test_network_id: str | None = None
    target_vm_tags: Tags = None

    def settings(self, secure_boot: Flag) -> TargetSettings:
        """Return the settings; where secure boot stands, each appliance spells it its own way."""
        shared = _shared(
            (
                self.target_resource_group_id,
                self.target_network_id,
                self.test_network_id,
                self.target_availability_set_id,
            ),
            (
                self.target_vm_size,
                self.target_location,
                self.target_availability_zone,
                self.target_generation,
                self.license_type,
            ),
            secure_boot,
        )
        own: TargetSettings = replace(
            shared, vm_name=self.target_vm_name or "", tags=tags_of_row(self.target_vm_tags)
        )
        return own


@lru_cache(maxsize=1024)
def _shared(ids: tuple[str | None, ...], words: tuple[str | None, ...], secure_boot: Flag) -> Any:
    """Return what thousands of machines have in common."""
    group, network, test_network, availability_set = map(shared_id, ids)
    size, location, zone, generation, licence = map(few, words)
    return TargetSettings(
        vm_size=size,
        location=location,
        resource_group_id=group,
        network_id=network,
        test_network_id=test_network,
        availability_zone=zone,
        availability_set_id=availability_set,
        generation=generation,
        licence_type=licence,
        secure_boot=as_flag(secure_boot),
    )
