"""Dates as a reader of Spanish in the United States says them: lunes 23 de noviembre de 2026."""

DATE_FORMAT = r"l j \d\e F \d\e Y"
TIME_FORMAT = "g:i a"
DATETIME_FORMAT = r"l j \d\e F \d\e Y, g:i a"
MONTH_DAY_FORMAT = r"l j \d\e F"
SHORT_DATE_FORMAT = "j M Y"
SHORT_DATETIME_FORMAT = "j M Y, g:i a"
