"""``vmNics`` of Site Recovery (``VMNicDetails``): A2A, Hyper-V and InMageAzureV2 share it.

Until 2016-08-10 the addresses stood on the adapter itself; since then in ``ipConfigs``.
"""

from azstaging.model.items import ItemNic
from azstaging.providers.fields import Fields


def nics_of(details: Fields) -> tuple[ItemNic, ...]:
    """Read the adapters; the addresses are those of the primary IP configuration."""
    primary = details.text("selectedSourceNicId").casefold()
    return tuple(_nic(nic, primary) for nic in details.objects("vmNics"))


def _nic(nic: Fields, primary: str) -> ItemNic:
    ip = _primary_configuration(nic)
    nic_id = nic.text("nicId")
    selection = nic.text("selectionType")
    return ItemNic(
        source_id=nic_id,
        is_primary=nic_id.casefold() == primary if primary else None,
        is_selected=selection != "NotSelected" if selection else None,
        source_address=ip.text("staticIPAddress") or nic.text("primaryNicStaticIPAddress"),
        target_address=ip.text("recoveryStaticIPAddress") or nic.text("replicaNicStaticIPAddress"),
        target_address_type=ip.text("recoveryIPAddressType")
        or nic.text("recoveryNicIpAddressType"),
        target_subnet=ip.text("recoverySubnetName") or nic.text("recoveryVMSubnetName"),
        target_network_id=nic.shared_id("recoveryVMNetworkId"),
    )


def _primary_configuration(nic: Fields) -> Fields:
    configurations = nic.objects("ipConfigs")
    primary = (ip for ip in configurations if ip.flag("isPrimary"))
    return next(primary, configurations[0] if configurations else Fields(None))
