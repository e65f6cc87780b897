"""The command line: parses, calls the library, chooses the exit status."""
