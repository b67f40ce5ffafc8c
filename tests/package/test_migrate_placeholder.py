"""azure-mgmt-migrate is still empty, so azure/migrate.py still speaks REST."""

from importlib.metadata import PackageNotFoundError, distribution
from importlib.util import find_spec

import pytest

CHANGED = (
    "azure-mgmt-migrate is no longer the empty placeholder. Read docs/adr/0003 and decide again: "
    "its client may take over what azure/migrate.py does over REST."
)


def test_azure_mgmt_migrate_is_still_an_empty_placeholder() -> None:
    try:
        placeholder = distribution("azure-mgmt-migrate")
    except PackageNotFoundError:
        pytest.skip("azure-mgmt-migrate is not installed; it comes with the extra dev")
    code = [str(file) for file in placeholder.files or () if file.suffix in {".py", ".pyi", ".so"}]
    assert (placeholder.version, code) == ("0.0.0", []), CHANGED
    assert find_spec("azure.mgmt.migrate") is None, CHANGED
