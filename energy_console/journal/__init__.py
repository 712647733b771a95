"""The journal: alarms, acts, notes, plans, ship calls and news of the store as one row of entries with who and when."""
