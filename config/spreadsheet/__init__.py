"""The calendars people keep in spreadsheets, read row by row and written as SOP files."""
