"""From the site to the optimizer and back: forecasts, problem, proposal, set-points, and how a plan is followed."""
