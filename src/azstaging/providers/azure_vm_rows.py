"""``vmNics`` of Site Recovery in rows of lists, as `vm_nics` reads them."""

import msgspec

from azstaging.model.items import ItemNic
from azstaging.providers.documented import Documented, Flag, beside, few
from azstaging.providers.fields import as_flag, shared_id


@beside(
    "name subnetName ipAddressType isSeletedForFailover recoveryPublicIPAddressId "
    "recoveryLBBackendAddressPoolIds tfoSubnetName tfoStaticIPAddress tfoPublicIPAddressId "
    "tfoLBBackendAddressPoolIds"
)
class _Address(Documented):
    is_primary: Flag = None
    source: str | None = msgspec.field(default=None, name="staticIPAddress")
    target: str | None = msgspec.field(default=None, name="recoveryStaticIPAddress")
    target_type: str | None = msgspec.field(default=None, name="recoveryIPAddressType")
    recovery_subnet_name: str | None = None


@beside(
    "replicaNicId sourceNicArmId vMNetworkName recoveryNetworkSecurityGroupId "
    "enableAcceleratedNetworkingOnRecovery tfoVMNetworkId tfoNetworkSecurityGroupId "
    "enableAcceleratedNetworkingOnTfo recoveryNicName recoveryNicResourceGroupName "
    "reuseExistingNic tfoRecoveryNicName tfoRecoveryNicResourceGroupName tfoReuseExistingNic "
    "targetNicName"
)
class NicRow(Documented):
    """One adapter of a row."""

    nic_id: str | None = None
    network_id: str | None = msgspec.field(default=None, name="recoveryVMNetworkId")
    ip_configs: list[_Address] | None = None
    selection_type: str | None = None

    def nic(self, primary: str) -> ItemNic:
        """Return the adapter; ``primary`` is the casefolded id of the primary one, or ""."""
        nic_id = self.nic_id or ""
        addresses = self.ip_configs or (_NO_ADDRESS,)
        address = addresses[0]
        if len(addresses) > 1:
            address = next((each for each in addresses if as_flag(each.is_primary)), address)
        return ItemNic(
            source_id=nic_id,
            is_primary=nic_id.casefold() == primary if primary else None,
            is_selected=self.selection_type != "NotSelected" if self.selection_type else None,
            source_address=address.source or "",
            target_address=address.target or "",
            target_address_type=few(address.target_type),
            target_subnet=few(address.recovery_subnet_name),
            target_network_id=shared_id(self.network_id),
        )


def nics_of_row(nics: list[NicRow] | None, primary: str | None = None) -> tuple[ItemNic, ...]:
    """Return the adapters of a row; ``primary`` is the id of the primary one where it is told."""
    folded = (primary or "").casefold()
    return tuple([nic.nic(folded) for nic in nics or ()])


_NO_ADDRESS = _Address()
