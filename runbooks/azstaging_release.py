"""Stop the replication of what one approved plan names. Needs a releaser's identity.

A dry run unless the last parameter is execute. Stopping replication cannot be undone.

Parameters, by position, all of them text; an empty text or - is the default:
    1  configuration  variable:NAME of an Automation variable, or a file (variable:azstaging)
    2  journal        the estate folder: a blob container URL, or a folder of a hybrid worker
    3  identity       client id of a user-assigned identity (the system-assigned one)
    4  minutes        when to stop cleanly, after the start (160)
    5  plan           the digest of an approved plan, as azstaging plan showed it
    6  execute        dry-run or execute (dry-run)
"""

import sys

try:
    from azstaging.runbook import release
except ImportError as error:
    print(f"ERROR: {error}. Upload the wheels that azstaging runbook bundle gathers.")
    sys.exit(1)

sys.exit(release(sys.argv[1:]))
