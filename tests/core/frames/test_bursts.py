"""Live pictures of sources whose parts arrive in bursts, as those of HLS do."""

import pytest

from ..media import cut, encode
from .live import Camera, numbers_in, steps, watch


def test_bursts_of_whole_segments_play_evenly() -> None:
    camera = Camera()
    cuts = cut(encode(425), low_latency=False, part_target=6, min_segment=5.9)
    camera.send(cuts)
    viewer = watch(camera)
    assert viewer.numbers == numbers_in(cuts)
    assert steps(viewer.times) == pytest.approx([0.04] * (len(viewer.times) - 1), abs=1e-3)


@pytest.mark.parametrize("burst", [4, 6, 10])
def test_bursts_of_several_parts_play_evenly(burst: int) -> None:
    camera = Camera()
    cuts = cut(encode(2025), low_latency=False)
    # An HLS source begins with its last three segments.
    camera.send(cuts, burst=burst, first_burst=3 * burst)
    viewer = watch(camera)
    assert len(viewer.numbers) > 1400
    assert viewer.numbers == numbers_in(cuts)[: len(viewer.numbers)]
    assert max(steps(viewer.times)) < 0.0401
    assert min(steps(viewer.times)[3:]) > 0.0359


def test_viewer_of_a_bursty_source_waits_once() -> None:
    camera = Camera()
    cuts = cut(encode(2025), low_latency=False)
    camera.send(cuts, burst=6, first_burst=18)
    camera.advance(20)
    viewer = watch(camera)
    last = viewer.numbers[-1]
    assert last is not None
    assert viewer.numbers[-1500:] == list(range(last - 1499, last + 1))
    assert max(steps(viewer.times[-1500:])) < 0.0401
