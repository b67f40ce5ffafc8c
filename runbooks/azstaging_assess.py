"""Nightly: inventory, baselines, diff, checks, gates. Needs a reader's identity.

Parameters, by position, all of them text; an empty text or - is the default:
    1  configuration  variable:NAME of an Automation variable, or a file (variable:azstaging)
    2  journal        the estate folder: a blob container URL, or a folder of a hybrid worker
    3  identity       client id of a user-assigned identity (the system-assigned one)
    4  minutes        when to stop cleanly, after the start (160)
    5  fresh_hours    what was checked within so many hours is done (12)
"""

import sys

try:
    from azstaging.runbook import assess
except ImportError as error:
    print(f"ERROR: {error}. Upload the wheels that azstaging runbook bundle gathers.")
    sys.exit(1)

sys.exit(assess(sys.argv[1:]))
