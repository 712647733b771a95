"""The console: site, store, alarms, planning and the window over one engine."""

__version__ = "0.1.0"
