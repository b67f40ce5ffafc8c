"""Every ARM api-version that azstaging speaks. They stand nowhere else.

Pinned, not newest: sovereign clouds lag behind the public one.
"""

SUBSCRIPTIONS = "2022-12-01"
RECOVERY_SERVICES_VAULTS = "2023-02-01"
SITE_RECOVERY = "2025-08-01"
DATA_REPLICATION = "2024-09-01"
OFF_AZURE = "2023-06-06"
MIGRATE_PROJECTS = "2020-05-01"
COMPUTE = "2022-11-01"
DISKS = "2022-07-02"
SKUS = "2021-07-01"
NETWORK = "2022-01-01"
LOCKS = "2020-05-01"
RESOURCES = "2021-04-01"
RESOURCE_GRAPH = "2021-03-01"
