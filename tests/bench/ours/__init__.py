"""Parts of the program, each in a process of its own, through the doors that the program uses itself."""
