"""Dates as a reader of Spanish in the United States says them: 23 de noviembre de 2026."""

DATE_FORMAT = r"j \d\e F \d\e Y"
TIME_FORMAT = "g:i a"
DATETIME_FORMAT = r"j \d\e F \d\e Y, g:i a"
SHORT_DATE_FORMAT = "j M Y"
SHORT_DATETIME_FORMAT = "j M Y, g:i a"
# Numbers as in the United States, in every language: a dose must never be read two ways.
DECIMAL_SEPARATOR = "."
THOUSAND_SEPARATOR = ","
