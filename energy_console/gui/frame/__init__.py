"""The window round the pages: rail, alarm strip, title row, palette, status line, and what it remembers."""
