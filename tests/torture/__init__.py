"""What must never break, tried for long: ``python -m tests.torture [kills|fuzz|soak]``; docs/torture.md.

The tests beside it try the same for a few seconds.
"""
