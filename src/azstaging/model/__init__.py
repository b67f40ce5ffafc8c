"""Pure values: ids, times, items, machines, inventory, waves, findings, decisions, plans.

Nothing here decides anything and nothing here does I/O. Import from the modules.
"""
