"""Azure Automation: four runbooks' work, for a sandbox or a hybrid worker.

    import sys
    from azstaging.runbook import assess

    sys.exit(assess(sys.argv[1:]))

``runbooks/`` holds the scripts to upload. A job writes to stdout alone, starts no process, and
leaves its results in the journal; killed anywhere, it can be started again with the same
parameters and comes to the same end.
"""

from azstaging.runbook.self_test import self_test
from azstaging.runbook.work import assess, release, report

__all__ = ["assess", "release", "report", "self_test"]
