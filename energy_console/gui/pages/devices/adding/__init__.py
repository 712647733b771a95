"""Adding a device: find it, see what it is, read its registers, save it to the site."""

from __future__ import annotations

from energy_console.gui.pages.devices.adding.panel import AddDevicePanel

__all__ = ["AddDevicePanel"]
