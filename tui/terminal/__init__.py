"""What is sent to the terminal and read from it."""
