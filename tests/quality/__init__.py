"""How well the program judges, beside other programs, on corpora that the reader brings."""
