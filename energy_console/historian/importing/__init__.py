"""Readings of foreign meters: files understood, looked at, mapped onto points, written as one act. docs/import.md."""
