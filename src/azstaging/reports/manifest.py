"""The manifest of a report's files, as ``sha256sum -c`` and ``shasum -a 256 -c`` read it."""

import hashlib
from collections.abc import Iterable, Iterator

NAME = "SHA256SUMS"


def with_manifest(files: Iterable[tuple[str, bytes]]) -> Iterator[tuple[str, bytes]]:
    """Yield files as they come, and after the last one a file with the SHA-256 of each."""
    sums: dict[str, str] = {}
    for name, data in files:
        sums[name] = hashlib.sha256(data).hexdigest()
        yield name, data
    yield NAME, "".join(f"{sums[name]}  {name}\n" for name in sorted(sums)).encode("ascii")
