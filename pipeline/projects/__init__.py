"""A project's folder as a whole: laid out anew, moved to PostgreSQL, kept as one file and put back."""
