"""The field: devices, links and what they say. Knows no console, no Qt and no plan."""
