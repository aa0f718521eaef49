"""Pictures that people bring, made into what a network was trained on.

`read_picture(path)` is the front door for files; `to_mnist(ink)` for what is drawn here.
"""

from engine.pictures.picture_files import Picture, picture_of, read_picture, read_stream
from engine.pictures.prepare import SIDE, to_mnist

__all__ = ["SIDE", "Picture", "picture_of", "read_picture", "read_stream", "to_mnist"]
