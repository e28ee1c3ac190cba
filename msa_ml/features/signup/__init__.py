"""What one attempt to register says of itself: one idea a file, whole batches of rows at a time."""
