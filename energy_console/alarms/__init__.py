"""Alarms: rules turn readings into conditions, a pure state machine turns those into alarms a person can act on."""
