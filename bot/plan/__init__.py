"""What publishing a folder would do: ``make`` finds out, ``render`` tells, ``saved`` keeps it."""
