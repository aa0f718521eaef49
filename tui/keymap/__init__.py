"""The rows of the one table of keys, a module a part of the program."""
