"""Long stress tests of invariants: ``python -m tests.torture [kills|fuzz|soak]``; docs/torture.md.

The tests beside it try the same for a few seconds.
"""
