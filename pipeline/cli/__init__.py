"""The command line: one file for each group of commands; it asks the rooms and prints, and decides nothing."""
