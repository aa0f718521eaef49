"""One module per command, named after it; `app` is `mnist-tui` without a command."""
