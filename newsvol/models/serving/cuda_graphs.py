"""CUDA graphs: a step captured once, and replayed with a single launch."""

from typing import Any, Final

import torch

from newsvol.models.serving.length_buckets import Step

_WARM_UPS: Final = 3


class GraphCapture:
    """Captures steps on the current CUDA device; a `newsvol.models.serving.length_buckets.Prepare`.

    A step must be capturable: it may not look at a value on the host (``if mask.all()``), copy between host
    and device, or allocate pinned memory. Its inputs must stay where they are.

    Each graph has memory of its own: PyTorch shares a pool safely only between graphs that are replayed in
    the order in which they were captured, and headlines come in any order of lengths.
    """

    def __init__(self) -> None:
        # Warm-up and capture on one stream: handles and workspaces of cuBLAS are made per stream, and cannot
        # be made during a capture. It may not be the default stream, which cannot be captured.
        self._side: Any = torch.cuda.Stream()  # type: ignore[no-untyped-call]

    def __call__(self, step: Step) -> Step:
        """Return a callable that replays `step` and returns its result, overwritten by the next replay."""
        self._side.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(self._side):
            for _ in range(_WARM_UPS):
                step()
        torch.cuda.current_stream().wait_stream(self._side)
        graph = torch.cuda.CUDAGraph()
        # Only this thread's calls can spoil the capture: another one may be loading data onto the GPU.
        with torch.cuda.graph(graph, stream=self._side, capture_error_mode="thread_local"):
            said = step()

        def replay() -> torch.Tensor:
            graph.replay()
            return said

        return replay
