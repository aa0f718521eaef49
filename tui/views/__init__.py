"""From a run's state to what is shown of it: pure functions, without an app, a widget or a clock."""
