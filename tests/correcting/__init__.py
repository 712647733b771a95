"""Corrections: what they do, and the command that does them."""
