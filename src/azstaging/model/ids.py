"""ARM resource ids: the one place where they are parsed, validated and compared.

The service writes one id in several casings (``/Subscriptions/``, ``resourcegroups``, whole ids
in lower case), so ids compare casefolded and are shown as they came.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass

from azstaging.errors import ConfigurationError

# Letters of any script occur in Azure names; what must never occur is anything that a URL
# library would resolve, split or decode.
_SEGMENT = re.compile(r"^[^\x00-\x20/\\?#%<>\"'`{}|^\x7f]{1,260}$")


def check_segment(segment: str) -> str:
    """Return a path segment unchanged if it addresses exactly itself.

    Raises:
        ConfigurationError: it is empty, ``.`` or ``..``, or holds a character that a URL
            resolves, separates or decodes. A resource named ``..`` would turn "remove one
            protected item" into "remove the container".
    """
    if segment in {"", ".", ".."} or not _SEGMENT.fullmatch(segment) or segment.endswith("."):
        raise ConfigurationError(
            f"{segment!r} is not a safe segment of a resource id; no request was built from it."
        )
    return segment


@dataclass(frozen=True, slots=True, eq=False, init=False)
class ResourceId:
    """One ARM id. Equal ids are equal without case; ``str()`` gives it as the service wrote it.

    Attributes:
        text: the id as it came, without trailing slash.
    """

    text: str

    def __init__(self, text: str) -> None:
        """Take an id as it came; blanks around it and slashes at its end are left out.

        Raises:
            ConfigurationError: it does not begin with a slash, or is nothing else.
        """
        # Ids are made by the hundred thousand, and nearly all are clean.
        if text[:1] != "/" or text[-1] == "/" or text[-1].isspace():
            given, text = text, text.strip().rstrip("/")
            if text[:1] != "/":
                raise ConfigurationError(f"{given!r} is not an ARM resource id.")
        object.__setattr__(self, "text", text)

    @property
    def key(self) -> str:
        """The casefolded id: what ids are compared, sorted and stored by."""
        return self.text.casefold()

    def __eq__(self, other: object) -> bool:
        return isinstance(other, ResourceId) and self.key == other.key

    def __hash__(self) -> int:
        return hash(self.key)

    def __lt__(self, other: "ResourceId") -> bool:
        return self.key < other.key

    def __str__(self) -> str:
        return self.text

    def __repr__(self) -> str:
        return f"ResourceId({self.text!r})"

    @property
    def segments(self) -> tuple[str, ...]:
        """Path segments, without the empty first one."""
        return tuple(self.text[1:].split("/"))

    @property
    def name(self) -> str:
        """The last segment."""
        return self.segments[-1]

    def after(self, keyword: str) -> str | None:
        """Return the segment that follows ``keyword`` (compared without case), or None."""
        segments = self.segments
        folded = keyword.casefold()
        for index, segment in enumerate(segments[:-1]):
            if segment.casefold() == folded:
                return segments[index + 1]
        return None

    @property
    def subscription_id(self) -> str | None:
        """The subscription's GUID, or None."""
        # Nearly every id begins with it, and is asked for it more than for anything else.
        if self.text[:15].casefold() == "/subscriptions/":
            return self.text[15:].partition("/")[0] or None
        return self.after("subscriptions")

    @property
    def resource_group(self) -> str | None:
        """The resource group's name, or None."""
        return self.after("resourceGroups")

    @property
    def resource_type(self) -> str:
        """``namespace/type[/type...]`` of the last provider in the id, casefolded, or ""."""
        segments = [segment.casefold() for segment in self.segments]
        if "providers" not in segments:
            return ""
        start = len(segments) - 1 - segments[::-1].index("providers")
        parts = segments[start + 1 :]
        return "/".join(parts[:1] + parts[1::2])

    def parent(self, levels: int = 1) -> "ResourceId":
        """Return the id ``levels`` type/name pairs up."""
        return ResourceId("/" + "/".join(self.segments[: -2 * levels]))

    def child(self, *segments: str) -> "ResourceId":
        """Append validated segments."""
        return ResourceId("/".join((self.text, *(check_segment(s) for s in segments))))

    def is_under(self, scope: "ResourceId") -> bool:
        """Tell whether this id is ``scope`` or lies below it."""
        return self.key == scope.key or self.key.startswith(scope.key + "/")

    def validated(self) -> "ResourceId":
        """Return this id if every segment addresses exactly itself.

        Raises:
            ConfigurationError: a segment is unsafe (see ``check_segment``).
        """
        for segment in self.segments:
            check_segment(segment)
        return self


def id_key(text: str) -> str:
    """Return what an id that is held as text is compared by; see ``ResourceId.key``."""
    return text.strip().rstrip("/").casefold()


_NEW: Callable[[type[ResourceId]], ResourceId] = object.__new__
_SET_TEXT: Callable[[ResourceId, str], None] = vars(ResourceId)["text"].__set__


def parse_id(value: object) -> ResourceId | None:
    """Read an optional id: None, "", "Microsoft Azure" and other non-ids give None."""
    if type(value) is str and value[:1] == "/" and value[-1].isalnum():
        # Nothing to leave out: nearly every id, so it is made without asking again.
        found = _NEW(ResourceId)
        _SET_TEXT(found, value)
        return found
    if isinstance(value, str) and value.startswith("/") and len(value) > 1:
        return ResourceId(value)
    return None


def subscription_scope(subscription_id: str) -> ResourceId:
    """Return ``/subscriptions/{subscription_id}``."""
    return ResourceId("/subscriptions/" + check_segment(subscription_id))


def scope_as_told(*segments: str) -> ResourceId:
    """Return a scope to speak of, made of what the service told.

    Its segments are not checked, so no request is built from it: a name that addresses something
    else is refused where it would be asked for.
    """
    return ResourceId("/" + "/".join(segments))


def vault_of(item_id: ResourceId) -> ResourceId:
    """Return the vault that an item's id lies in (Recovery Services or DataReplication).

    Raises:
        ConfigurationError: the id does not lie in a vault.
    """
    segments = item_id.segments
    for index, segment in enumerate(segments[:-1]):
        if segment.casefold() in {"vaults", "replicationvaults"}:
            return ResourceId("/" + "/".join(segments[: index + 2]))
    raise ConfigurationError(f"{item_id} does not lie in a vault.")
