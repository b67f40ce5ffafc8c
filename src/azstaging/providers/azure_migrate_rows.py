"""The intended VM in rows of lists, which both appliances of Azure Migrate tell alike."""

from typing import Any

from azstaging.model.items import TargetSettings
from azstaging.providers.documented import Documented, Flag, few
from azstaging.providers.fields import as_flag, shared_id, tags_of


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
    target_vm_tags: Any = None

    def settings(self, secure_boot: Flag) -> TargetSettings:
        """Return the settings; where secure boot stands, each appliance spells it its own way."""
        return TargetSettings(
            vm_name=self.target_vm_name or "",
            vm_size=few(self.target_vm_size),
            location=few(self.target_location),
            resource_group_id=shared_id(self.target_resource_group_id),
            network_id=shared_id(self.target_network_id),
            test_network_id=shared_id(self.test_network_id),
            availability_zone=few(self.target_availability_zone),
            availability_set_id=shared_id(self.target_availability_set_id),
            generation=few(self.target_generation),
            licence_type=few(self.license_type),
            secure_boot=as_flag(secure_boot),
            tags=tags_of(self.target_vm_tags),
        )
