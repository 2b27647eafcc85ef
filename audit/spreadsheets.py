"""Cells of files that a spreadsheet opens without running anything in them."""

BYTE_ORDER_MARK = "\ufeff"
# What a spreadsheet may take for the beginning of a formula, its full-width forms included, or for the end of a cell.
STARTS_A_FORMULA = tuple("=+-@＝＋－＠\t\r\n")


def harmless(cell):
    """Return a cell as it stands in the file: numbers as they are, words that could start a formula behind a mark."""
    if cell is None or isinstance(cell, int | float):
        return "" if cell is None else cell
    text = str(cell)
    return f"'{text}" if text.startswith(STARTS_A_FORMULA) or text.lstrip().startswith(STARTS_A_FORMULA) else text
