"""The built-in rules of the configuration diff: data, each with its class, reason and source.

A judgement names a rule; the rule says what that means. What no page states is marked as practice.
"""

from dataclasses import dataclass

from azstaging.model.differences import DiffClass

_MIGRATE = "https://learn.microsoft.com/azure/migrate/"
_VM = "https://learn.microsoft.com/azure/virtual-machines/"
_NET = "https://learn.microsoft.com/azure/virtual-network/"
_PRACTICE = "practice of migration projects"

_SAME = DiffClass.SAME
_EXPECTED = DiffClass.EXPECTED
_ACT = DiffClass.ACT
_SUSPICIOUS = DiffClass.SUSPICIOUS
_UNKNOWN = DiffClass.UNKNOWN


@dataclass(frozen=True, slots=True)
class Rule:
    """One built-in rule.

    Attributes:
        id: stable; ``area.what``.
        reason: one sentence without full stop; it is shown beside the row.
        source: where it is written, or what kind of knowledge it is.
    """

    id: str
    cls: DiffClass
    reason: str
    source: str = _PRACTICE


_RULES = (
    # Any field
    Rule("same", _SAME, "all sides that are told agree"),
    Rule("as-planned", _EXPECTED, "differs from the source as the replication item intends"),
    Rule("not-as-planned", _SUSPICIOUS, "differs from what the replication item intends"),
    Rule("no-target", _UNKNOWN, "there is no target machine to compare with"),
    Rule("target-unread", _UNKNOWN, "the target machine could not be read"),
    Rule("actual-not-told", _UNKNOWN, "Azure does not tell this of the target machine"),
    Rule("source-not-told", _UNKNOWN, "the source does not tell this"),
    Rule("intended-not-told", _UNKNOWN, "the replication item does not tell what it intends"),
    Rule("nothing-told", _UNKNOWN, "neither source nor replication item tells this"),
    # Compute
    Rule(
        "name.renamed",
        _ACT,
        "the service gave another name than intended, because that one was taken; "
        "correct records and scripts",
        "job error 28175, as recorded",
    ),
    Rule("cores.more", _EXPECTED, "sizes come in steps, at or above the source", _VM + "sizes"),
    Rule("cores.fewer-by-plan", _ACT, "fewer than the source, as intended; confirm it is enough"),
    Rule("cores.fewer", _SUSPICIOUS, "fewer than the source, and not as intended"),
    Rule("memory.more", _EXPECTED, "sizes come in steps, at or above the source", _VM + "sizes"),
    Rule("memory.step", _EXPECTED, "at least 90 percent of the source: the step of a size"),
    Rule("memory.less", _SUSPICIOUS, "less than 90 percent of the source"),
    Rule("plan.less", _SUSPICIOUS, "the plan itself gives less than the source has"),
    Rule(
        "generation.changed",
        _SUSPICIOUS,
        "the kind of boot changed: BIOS becomes generation 1, UEFI generation 2",
        _MIGRATE + "migrate-support-matrix-vmware-migration",
    ),
    Rule(
        "secure-boot.lost",
        _SUSPICIOUS,
        "secure boot was intended and is off",
        _VM + "trusted-launch",
    ),
    Rule("secure-boot.added", _EXPECTED, "secure boot is on, more than intended"),
    # Operating system
    Rule("os.family", _SUSPICIOUS, "another operating system than the source"),
    Rule("os.version", _SUSPICIOUS, "another product or version than the source"),
    Rule("os.wording", _EXPECTED, "the same product in other words"),
    Rule("os.unrecognised", _UNKNOWN, "these names cannot be compared"),
    Rule("os.version-not-told", _UNKNOWN, "only one side tells the version"),
    Rule(
        "host-name.hydration",
        _ACT,
        "the host name was reset while the machine was prepared for Azure; set it again",
        _MIGRATE + "prepare-for-migration",
    ),
    Rule("host-name.short", _EXPECTED, "the same name, cut to 15 characters"),
    Rule("host-name.changed", _SUSPICIOUS, "another host name than the source"),
    # Disks
    Rule("disks.excluded", _ACT, "excluded from replication by plan; confirm nobody needs it"),
    Rule("disks.fewer", _SUSPICIOUS, "fewer disks than intended"),
    Rule("disks.extra", _SUSPICIOUS, "more disks than intended"),
    Rule(
        "disk.rounded",
        _EXPECTED,
        "Azure rounds sizes up to whole GiB",
        _VM + "managed-disks-overview",
    ),
    Rule("disk.larger", _ACT, "larger than the source; extend the file system, or find out why"),
    Rule("disk.smaller", _SUSPICIOUS, "smaller than the source"),
    Rule("disk.missing", _SUSPICIOUS, "the target machine does not have this disk"),
    Rule("disk.unplanned", _SUSPICIOUS, "no replicated disk belongs to this one"),
    Rule("disk.unmatched", _UNKNOWN, "which disk belongs to which is not told"),
    Rule("disk.slower", _SUSPICIOUS, "a slower type than intended", _VM + "disks-types"),
    Rule("disk.other-type", _ACT, "another type than intended; confirm cost and redundancy"),
    Rule("disk.key-set", _SUSPICIOUS, "another disk encryption set than intended"),
    # Network
    Rule("nics.excluded", _ACT, "left out by plan; confirm nobody needs it"),
    Rule("nics.fewer", _SUSPICIOUS, "fewer adapters than intended"),
    Rule("nics.extra", _SUSPICIOUS, "more adapters than intended"),
    Rule("nic.missing", _SUSPICIOUS, "the target machine does not have this adapter"),
    Rule("nic.unplanned", _SUSPICIOUS, "no replicated adapter belongs to this one"),
    Rule("address.dynamic", _EXPECTED, "any address of the subnet is as intended"),
    Rule("address.lost", _SUSPICIOUS, "the intended address was not given"),
    Rule("addresses.fewer", _SUSPICIOUS, "addresses of the source are missing on the target"),
    Rule("addresses.more", _EXPECTED, "more addresses than the source"),
    Rule("allocation.dynamic", _SUSPICIOUS, "dynamic, where static was intended"),
    Rule("allocation.reserved", _EXPECTED, "the address was reserved since"),
    Rule("subnet.test", _SUSPICIOUS, "the machine still sits in the test network"),
    Rule(
        "mac.new",
        _EXPECTED,
        "Azure gives every adapter a new address",
        _NET + "virtual-network-network-interface",
    ),
    Rule("public-address.unplanned", _SUSPICIOUS, "a public address that nobody planned"),
    # Placement
    Rule(
        "region.of-network",
        _EXPECTED,
        "as the intended network: a machine lives in its network's region",
        _NET + "virtual-networks-overview",
    ),
    Rule("zone.unplanned", _ACT, "in a zone that the plan does not name; confirm it"),
    # Licence, tags
    Rule(
        "licence.lost",
        _ACT,
        "the benefit was intended and is not applied: it costs money every hour",
        _VM + "windows/hybrid-use-benefit-licensing",
    ),
    Rule("licence.unplanned", _SUSPICIOUS, "a benefit is applied that nobody intended"),
    Rule("tag.missing", _ACT, "an intended tag is missing; set it"),
    Rule("tag.other-value", _SUSPICIOUS, "another value than intended"),
    Rule("tag.added", _EXPECTED, "added in Azure"),
    # Added by the platform
    Rule(
        "agent.ready",
        _EXPECTED,
        "the Azure VM agent is installed and reports",
        _VM + "extensions/agent-windows",
    ),
    Rule("agent.not-ready", _ACT, "the Azure VM agent does not report; repair it"),
    Rule("extension.added", _EXPECTED, "added in Azure"),
    Rule("extension.failed", _ACT, "the extension failed; install it again, or remove it"),
    Rule("extension.pending", _ACT, "the extension is not installed yet"),
    Rule("boot-diagnostics.on", _EXPECTED, "added in Azure", _VM + "boot-diagnostics"),
    Rule("boot-diagnostics.off", _ACT, "off: nobody could see why it does not boot"),
)

RULES = {rule.id: rule for rule in _RULES}
"""Every built-in rule by its id."""
