"""Tables as CSV files that a spreadsheet opens without running anything in them."""

import csv
from io import StringIO

from audit.spreadsheets import BYTE_ORDER_MARK, harmless


def csv_of(rows):
    """Return rows of cells (text, numbers, None) as the text of a CSV file (RFC 4180)."""
    out = StringIO(newline="")
    csv.writer(out).writerows([harmless(cell) for cell in row] for row in rows)
    return BYTE_ORDER_MARK + out.getvalue()
