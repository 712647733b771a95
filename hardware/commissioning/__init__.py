"""Putting devices into service: who answers on a link, what they are, and how their registers are to be read.

Everything here asks and nothing writes.
"""
