"""Write the reports, and preview or apply the backlog in Azure Boards.

Parameters, by position, all of them text; an empty text or - is the default:
    1  configuration  variable:NAME of an Automation variable, or a file (variable:azstaging)
    2  journal        the estate folder: a blob container URL, or a folder of a hybrid worker
    3  identity       client id of a user-assigned identity (the system-assigned one)
    4  minutes        when to stop cleanly, after the start (160)
    5  out            the reports: a blob URL, or a folder of a hybrid worker
    6  boards         no, preview or apply (no)
"""

import sys

try:
    from azstaging.runbook import report
except ImportError as error:
    print(f"ERROR: {error}. Upload the wheels that azstaging runbook bundle gathers.")
    sys.exit(1)

sys.exit(report(sys.argv[1:]))
