"""Where a model runs: what was asked for, or a refusal that says why."""

import os
import subprocess
import sys

import pytest

from newsvol.engine.errors import DeviceError
from newsvol.models.serving.device import Device, require_torch, resolve_device, usable_cores


def everything(package: str) -> object | None:
    return package


def only_torch(package: str) -> object | None:
    return package if package == "torch" else None


def test_the_cpu_is_there_whatever_is_installed() -> None:
    assert resolve_device("cpu", find=lambda _: None, has_driver=lambda: True) == Device("cpu")


def test_without_a_driver_auto_is_the_cpu_and_there_is_nothing_to_say() -> None:
    assert resolve_device("auto", find=everything, has_driver=lambda: False) == Device("cpu", "")


def test_a_gpu_that_cannot_be_used_for_want_of_a_package_is_told() -> None:
    place = resolve_device("auto", find=only_torch, has_driver=lambda: True)
    assert place.kind == "cpu"
    assert place.why == "there is a GPU, and transformers is not installed: pip install 'newsvol[torch]'"


def test_cuda_without_its_packages_is_refused_not_replaced() -> None:
    with pytest.raises(DeviceError, match="'cuda' was asked for, and torch is not installed: pip install"):
        resolve_device("cuda", find=lambda _: None, has_driver=lambda: True)


def test_cuda_without_a_gpu_is_refused_not_replaced_and_auto_says_why() -> None:
    code = """
from newsvol.engine.errors import DeviceError
from newsvol.models.serving.device import resolve_device
print(resolve_device("auto", has_driver=lambda: True))
try:
    resolve_device("cuda")
except DeviceError as error:
    print(error)
"""
    hidden = {**os.environ, "CUDA_VISIBLE_DEVICES": ""}  # so that this holds on a machine with a GPU too
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env=hidden
    )
    auto, cuda = done.stdout.splitlines()
    assert auto == "Device(kind='cpu', why='there is a GPU driver, and torch finds no CUDA device')"
    assert cuda == "device 'cuda' was asked for, but torch finds no CUDA device; use --device cpu or auto"


def test_an_unknown_device_offers_the_nearest() -> None:
    with pytest.raises(
        DeviceError, match=r"unknown device 'cudo'; did you mean 'cuda'.*known: auto, cpu, cuda"
    ):
        resolve_device("cudo")


def test_what_needs_torch_asks_for_what_is_missing() -> None:
    require_torch("this model", find=everything)
    with pytest.raises(DeviceError, match="this model needs transformers: pip install"):
        require_torch("this model", find=only_torch)


@pytest.mark.gpu
def test_auto_is_the_gpu_where_there_is_one() -> None:
    assert resolve_device("auto") == resolve_device("cuda") == Device("cuda")


def test_only_cores_that_may_be_used_are_counted() -> None:
    code = """
import os
from newsvol.models.serving.device import usable_cores
os.sched_setaffinity(0, [min(os.sched_getaffinity(0))])
print(usable_cores())
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "1"
    assert 1 <= usable_cores() <= (os.cpu_count() or 1)
