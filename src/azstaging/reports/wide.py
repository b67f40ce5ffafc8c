"""The tables that the wide formats (XLSX, CSV, Parquet) write, in order."""

from azstaging.reports.item_table import items
from azstaging.reports.ledger import gaps, receipts, summary, timeline, waivers
from azstaging.reports.progress_tables import calendar, phase_times, readings, scope_changes
from azstaging.reports.tables import areas, diff, findings, workloads

WIDE = (
    *(summary, workloads, items, findings, diff, areas, gaps, waivers, receipts, timeline),
    *(readings, scope_changes, calendar, phase_times),
)
