"""Right values from servers, and through clients, that this project did not write."""
