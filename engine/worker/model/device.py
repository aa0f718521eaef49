"""Chooses the device a run trains on; a device is accepted only after a test matrix product."""

from __future__ import annotations

import warnings

import torch

from engine.answers import DefaultDevice, Device, Devices
from engine.errors import ConfigProblem
from engine.worker.model.threads import available_cpus


def choose_device(name: str) -> tuple[torch.device, str]:
    """The device for `name` and the reason in words. Raises `ConfigProblem` for a device that does not work."""
    if name == "cpu":
        return torch.device("cpu"), "as asked"
    if name != "auto":
        fault = _fault_of(name)
        if fault:
            raise ConfigProblem(f"Device: {name} cannot be used: {fault}; use cpu or auto.", "device")
        return torch.device(name), "as asked"
    faults = []
    for candidate in ("cuda", "mps"):
        fault = _fault_of(candidate)
        if not fault:
            return torch.device(candidate), "a working GPU was found"
        if candidate == "cuda" or torch.backends.mps.is_built():
            faults.append(f"{candidate}: {fault}")
    return torch.device("cpu"), "no GPU (" + "; ".join(faults) + ")"


def _fault_of(name: str) -> str:
    """Why the device cannot be used; empty if it can."""
    kind, _, number = name.partition(":")
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            fault = _cuda_fault(number) if kind == "cuda" else _mps_fault()
            if not fault:
                _probe(torch.device(name))
        except Exception as error:
            fault = _first_sentence(error)
    hints = [
        _first_sentence(w.message)
        for w in caught
        if kind in str(w.message).lower() or "driver" in str(w.message).lower()
    ]
    return f"{fault} ({hints[0]})" if fault and hints else fault


def _cuda_fault(number: str) -> str:
    if not torch.backends.cuda.is_built():
        return "this torch is built without CUDA"
    if not torch.cuda.is_available():
        return "torch finds no working GPU or driver"
    count = torch.cuda.device_count()
    return f"there are {count} GPUs, numbered from 0" if number and int(number) >= count else ""


def _mps_fault() -> str:
    if not torch.backends.mps.is_built():
        return "this torch is built without MPS"
    return "" if torch.backends.mps.is_available() else "macOS offers no Metal GPU"


def _probe(device: torch.device) -> None:
    """Multiply two small matrices on the device: one without suitable kernels fails here instead of during training."""
    a = torch.ones(16, 16).to(device)
    if float((a @ a).sum().item()) != 4096.0:
        raise RuntimeError("its test matrix product is wrong")


def _first_sentence(fault: object) -> str:
    text = " ".join(str(fault).split()) or type(fault).__name__
    return text.split(". ")[0].rstrip(".")[:200]


def check_precision(precision: str, device: torch.device) -> None:
    """Raise `ConfigProblem` for a precision that the device has no fast arithmetic for."""
    if precision == "fp16" and device.type == "cpu":
        raise ConfigProblem("Precision: fp16 has no fast arithmetic on a CPU; use fp32 or bf16.", "precision")
    if precision == "bf16" and device.type == "cuda" and not torch.cuda.is_bf16_supported():
        raise ConfigProblem("Precision: this GPU has no bf16 arithmetic; use fp16 or fp32.", "precision")


def describe_devices() -> Devices:
    """The devices that torch finds on this machine."""
    device, reason = choose_device("auto")
    devices = [Device(device="cpu", name=f"{available_cpus()} cores usable")]
    for number in range(torch.cuda.device_count() if torch.backends.cuda.is_built() else 0):
        name = f"cuda:{number}"
        about = torch.cuda.get_device_properties(number)
        memory = f"{about.total_memory / 2**30:.0f} GiB"
        devices.append(Device(device=name, name=f"{about.name}, {memory}", fault=_fault_of(name)))
    if torch.backends.mps.is_built():
        devices.append(Device(device="mps", name="Metal", fault=_fault_of("mps")))
    return Devices(
        torch=str(torch.__version__),
        devices=tuple(devices),
        default=DefaultDevice(device=str(device), reason=reason),
        threads=available_cpus(),
    )
