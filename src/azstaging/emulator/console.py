"""Boot diagnostics: signed addresses, and a storage that serves them without a token.

Documented: the two names of the answer. Guessed: 403 for another signature. A request that
carries a token is refused with 400, which Azure's storage does not do: no token belongs there.
"""

from typing import TYPE_CHECKING, Any

from azstaging.emulator.addresses import stable_guid
from azstaging.emulator.answers import Answer

if TYPE_CHECKING:
    from azstaging.emulator.arm import Call
    from azstaging.emulator.populate import Entry

STORAGE = "/emulated-storage"
PICTURE, LOG = "console.bmp", "serial.log"
_USUAL = {
    PICTURE: b"BM\x1e\x00\x00\x00\x00\x00\x00\x00\x1a\x00\x00\x00",
    LOG: b"Linux version 5.14.0\r\nlogin: ",
}
Consoles = dict[str, dict[str, Any]]
"""Casefolded VM id -> what it shows; a URL in place of bytes is given out as it is."""


def signature(name: str) -> str:
    """Return the one signature that the storage takes for a blob."""
    return stable_guid("signature", name)


def boot_diagnostics(consoles: Consoles, entry: "Entry", call: "Call") -> Answer:
    """Answer ``POST {vm}/retrieveBootDiagnosticsData``."""
    shows = consoles.get(entry.id.casefold(), _USUAL)
    body = {}
    for blob, name in ((PICTURE, "consoleScreenshotBlobUri"), (LOG, "serialConsoleLogBlobUri")):
        if isinstance(told := shows.get(blob), str):
            body[name] = told
        elif told is not None:
            path = f"{stable_guid('blobs', entry.id.casefold())}/{blob}"
            body[name] = f"{call.origin}{STORAGE}/{path}?sig={signature(path)}"
    return Answer(status=200, body=body)


def blob_of(consoles: Consoles, path: str, query_sig: str, *, token: bool) -> tuple[int, bytes]:
    """Return status and content of a blob."""
    if token:
        return 400, b"no token belongs here"
    if query_sig != signature(path):
        return 403, b""
    folder, _, blob = path.partition("/")
    mine = [shows for key, shows in consoles.items() if stable_guid("blobs", key) == folder]
    data = (mine[0] if mine else _USUAL).get(blob)
    return (200, data) if isinstance(data, bytes) else (404, b"")
