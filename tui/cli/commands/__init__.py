"""One module a command, named as it is typed; `app` is `mnist-tui` without a command."""
