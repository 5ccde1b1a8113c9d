"""Programs that others wrote, used as their documentation shows; each runs in an environment of its own."""
