"""In and out: importers, statistics, exports, reports, demo data."""
