"""Keeps secrets out of messages and logs.

A URL's query may hold a signature (``sig``, ``t``/``c``/``s``/``h`` of asynchronous operations)
or a continuation token, so no query is ever shown. A token is shown nowhere.
"""

import logging
import re

_MAX_TEXT = 2000
_JWT = re.compile(r"\beyJ[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*\.?[A-Za-z0-9_-]*")
_SCHEME = re.compile(r"(?i)\b(bearer|basic|sharedaccesssignature)(\s+)[^\s,;\"'<>]+")
_PAIR = re.compile(
    r"(?i)\b(sig|signature|access_token|id_token|refresh_token|client_secret|password|"
    r"accountkey|sharedaccesskey|\$?skiptoken|continuationtoken)(\"?\s*[=:]\s*\"?)[^\s&\"',;<>]+"
)
_QUERY = re.compile(r"(/[^\s?\"'<>()]*)\?[^\s\"'<>()]+")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")


def redact(text: object, *, limit: int = _MAX_TEXT) -> str:
    """Return text of a service or library fit to be shown: one line, no token, no URL query."""
    line = _CONTROL.sub(" ", str(text)).strip()
    line = _QUERY.sub(r"\1?...", line)
    line = _JWT.sub("***", line)
    line = _SCHEME.sub(r"\1\2***", line)
    line = _PAIR.sub(r"\1\2***", line)
    return line if len(line) <= limit else line[: limit - 3] + "..."


class _QueryFilter(logging.Filter):
    """Takes URL queries out of the records of an HTTP library's logger."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Redact the record in place and keep it."""
        record.msg, record.args = redact(record.getMessage()), None
        return True


_FILTER = _QueryFilter()
_NOISY = ("urllib3.connectionpool", "urllib3.util.retry", "requests_oauthlib", "oauthlib")


def redact_http_logs() -> None:
    """Make urllib3's own debug records safe: at DEBUG it writes whole URLs, queries included."""
    for name in _NOISY:
        logger = logging.getLogger(name)
        if _FILTER not in logger.filters:
            logger.addFilter(_FILTER)
