"""Features of one mail, one idea a file."""
