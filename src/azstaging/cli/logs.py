"""``--debug``: our log and azure-core's on stderr, redacted; urllib3 stays quiet.

urllib3 prints whole URLs with their signatures at DEBUG, so it is never switched on.
"""

import logging

from azstaging.azure.redaction import redact


class _Redacting(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        return redact(super().format(record))


def log_to_stderr() -> None:
    """Send the logs of ``azstaging`` and ``azure`` to stderr."""
    handler = logging.StreamHandler()
    handler.setFormatter(_Redacting("%(asctime)s %(name)s %(message)s"))
    for name in ("azstaging", "azure"):
        logger = logging.getLogger(name)
        logger.setLevel(logging.DEBUG)
        logger.addHandler(handler)
    logging.getLogger("urllib3").setLevel(logging.INFO)
