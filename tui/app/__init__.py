"""The app and the objects that it is composed of."""
