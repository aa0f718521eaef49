"""Every image once an epoch, in an order of its own; augmentation moves, turns and scales as it says."""

from __future__ import annotations

import pytest
import torch

from engine.config import make_config
from engine.worker.training.batches import Batches, augment


def indices(count: int, size: int, epoch: int = 0, seed: int = 0) -> list[list[int]]:
    """The images of each batch of an epoch, by number."""
    images = torch.arange(count, dtype=torch.float32).reshape(count, 1, 1, 1)
    batches, start, found = Batches(images, torch.arange(count), seed), 0, []
    config = make_config({"batch_size": size})
    while start < count:
        taken, labels = batches.take(epoch, start, config)
        assert taken.flatten().tolist() == labels.tolist()
        found.append(labels.tolist())
        start += len(labels)
    assert len(found) == batches.steps_per_epoch(size)
    return found


@pytest.mark.parametrize("count", [1, 2, 3, 16, 17, 18, 65, 257])
@pytest.mark.parametrize("size", [1, 2, 16, 64, 256, 1000])
def test_every_image_once_and_no_batch_of_one(count: int, size: int) -> None:
    batches = indices(count, size)
    assert sorted(i for batch in batches for i in batch) == list(range(count))
    if count > 1 and size > 1:
        assert min(len(batch) for batch in batches) > 1


def test_the_order_is_the_seeds_and_the_epochs() -> None:
    assert indices(100, 10, epoch=1) == indices(100, 10, epoch=1)
    assert indices(100, 10, epoch=1) != indices(100, 10, epoch=2)
    assert indices(100, 10, seed=1) != indices(100, 10, seed=2)
    assert indices(100, 10, seed=2**63 - 1)


def dot() -> torch.Tensor:
    """64 images with one bright square right of the middle."""
    images = torch.zeros(64, 1, 28, 28)
    images[:, :, 12:16, 18:22] = 1.0
    return images


def centers(images: torch.Tensor) -> torch.Tensor:
    """Center of mass of each image, in pixels from the middle: (N, 2) as across, down."""
    axis = torch.arange(28) - 13.5
    mass = images.sum(dim=(1, 2, 3))
    across = (images.sum(dim=(1, 2)) * axis).sum(dim=1) / mass
    down = (images.sum(dim=(1, 3)) * axis).sum(dim=1) / mass
    return torch.stack((across, down), dim=1)


def test_nothing_asked_is_nothing_done() -> None:
    images = dot()
    assert augment(images, make_config({})) is images


def test_shift_moves_by_up_to_so_many_pixels() -> None:
    torch.manual_seed(0)
    moved = centers(augment(dot(), make_config({"shift": 2.0}))) - centers(dot())
    assert moved.abs().max() <= 2.01
    assert moved.abs().max() > 1.5
    assert moved.std(dim=0).min() > 0.5


def test_rotation_turns_about_the_middle_by_up_to_so_many_degrees() -> None:
    torch.manual_seed(0)
    center = centers(augment(dot(), make_config({"rotation": 30.0})))
    angle = torch.rad2deg(torch.atan2(center[:, 1], center[:, 0]))
    assert angle.abs().max() <= 30.5
    assert angle.abs().max() > 20
    assert torch.hypot(center[:, 0], center[:, 1]).numpy() == pytest.approx(6.0, abs=0.2)


def test_scale_grows_and_shrinks_by_up_to_this_share() -> None:
    torch.manual_seed(0)
    away = centers(augment(dot(), make_config({"scale": 0.2})))[:, 0]
    assert away.max() <= 6.0 * 1.2 + 0.1
    assert away.min() >= 6.0 * 0.8 - 0.1
    assert away.max() > 6.5
    assert away.min() < 5.5


def test_noise_stays_between_paper_and_ink() -> None:
    torch.manual_seed(0)
    noisy = augment(torch.full((10, 1, 28, 28), 0.5), make_config({"noise": 0.1}))
    assert noisy.std().item() == pytest.approx(0.1, rel=0.05)
    wild = augment(dot(), make_config({"noise": 2.0}))
    assert wild.min() >= 0.0 and wild.max() <= 1.0
