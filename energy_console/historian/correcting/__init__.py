"""Corrections of what was read: what is meant, what it would change, done as one act with a name, taken back as one."""
