"""Plot parts that pages share: fast curves, time axis, grid, gaps, cursor, live edge, events. Times are UTC seconds."""
