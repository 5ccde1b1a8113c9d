"""Programs that measure; nothing in here is a test, and no figure is asserted."""
