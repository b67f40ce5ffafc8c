"""The tables that the wide formats (XLSX, CSV) write, in order."""

from azstaging.reports.item_table import items
from azstaging.reports.ledger import gaps, receipts, summary, timeline, waivers
from azstaging.reports.tables import areas, diff, findings, workloads

WIDE = (summary, workloads, items, findings, diff, areas, gaps, waivers, receipts, timeline)
