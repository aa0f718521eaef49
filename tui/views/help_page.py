"""The help screen's text: the table of keys, and what every figure means."""

from __future__ import annotations

import textwrap

from textual.content import Content

from tui.keymap.bindings import groups

METRICS = (
    ("training loss", "what training makes small, for one step's batch; drawn faint as it was and bold smoothed"),
    (
        "training accuracy",
        "share of the training images classified correctly while they were trained on, over one epoch",
    ),
    (
        "validation loss",
        "the same loss over the 10,000 validation images, which are never trained on, after each epoch",
    ),
    ("validation accuracy", "share of the 10,000 validation images classified correctly, measured after each epoch"),
    (
        "best",
        "the epoch with the lowest validation loss (or the highest accuracy: Best by); its weights are kept, and are the ones that are tested",
    ),
    ("test accuracy", "share of the 10,000 test images classified correctly, evaluated once, when the run ends"),
    ("95% interval", "where the accuracy on endless such images lies with 95% confidence (Wilson)"),
    ("step", "one update of the weights, from one batch of images"),
    ("epoch", "one pass over all training images"),
    ("learning rate", "the size of the steps now, as the schedule has it"),
    ("gradient norm", "length of the gradient before clipping; far above 1 for long, the steps are wild"),
    ("images/s", "training images taken a second lately, without validation and pauses"),
    ("images seen", "training images taken since the run began, repeats counted"),
    ("time left", "until the last epoch is validated, at the speed of the last seconds"),
    (
        "precision of a digit",
        "of the images predicted as it, the share that are one; recall: of its images, the share predicted as it",
    ),
    ("F1", "the harmonic mean of precision and recall"),
    (
        "calibration error",
        "how far confidence and accuracy lie apart, in ten steps of confidence, each counting by its images (ECE)",
    ),
    (
        "loss of one digit",
        "−ln p of the true digit; of a validation image that is misclassified only the reading's probability is kept, so at least that much",
    ),
    ("digits", "ten validation images, one of each digit: what it is, what it is predicted as, and how surely"),
)


def help_page(width: int) -> Content:
    """The page at a width: the keys in two columns where there is room, the figures under them."""
    blocks = [_keys_block(name, min(width, 56) if width < 112 else (width - 4) // 2) for name in groups()]
    lines = _side_by_side(blocks, (width - 4) // 2) if width >= 112 else [line for block in blocks for line in block]
    return Content("\n").join([*lines, *_metrics_block(width)])


def _keys_block(group: str, width: int) -> list[Content]:
    lines = [Content.styled(group, "bold $train")]
    for key in next(keys for name, keys in groups().items() if name == group):
        said = textwrap.wrap(key.meaning, max(width - 13, 10)) or [""]
        lines.append(Content.assemble((f" {key.shown:<11} ", "bold"), said[0]))
        lines += [Content(" " * 13 + more) for more in said[1:]]
    return [*lines, Content("")]


def _side_by_side(blocks: list[list[Content]], width: int) -> list[Content]:
    left: list[Content] = []
    right: list[Content] = []
    for block in blocks:
        (left if len(left) <= len(right) else right).extend(block)
    blank = Content("")
    rows = max(len(left), len(right))
    left += [blank] * (rows - len(left))
    right += [blank] * (rows - len(right))
    return [a.pad_right(max(width + 4 - a.cell_length, 0)) + b for a, b in zip(left, right, strict=True)]


def _metrics_block(width: int) -> list[Content]:
    lines = [Content.styled("What the numbers mean", "bold $train")]
    for name, meaning in METRICS:
        said = textwrap.wrap(meaning, max(min(width, 110) - 23, 16))
        lines.append(Content.assemble((f" {name:<21} ", "bold"), said[0]))
        lines += [Content(" " * 23 + more) for more in said[1:]]
    return lines
