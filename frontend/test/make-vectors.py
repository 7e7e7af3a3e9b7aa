"""Writes the encoder's output for known frames, as test vectors for the cards' decoder.

Run from the repository's root: `.venv/bin/python frontend/test/make-vectors.py`.
"""

from base64 import b64encode
import json
from pathlib import Path
import sys

import numpy as np
from numpy.typing import NDArray

# The core does not depend on the packages above it, so neither does this.
sys.path.insert(0, str(Path(__file__).parents[2] / "custom_components" / "retrocam"))

from core.cells.planes import C_BITS, Y_BITS, PlaneLayout
from core.cells.wire import MASK, RESIDUAL, CellEncoder, Packet

OUT = Path(__file__).parent / "vectors"


def pictures(layout: PlaneLayout, count: int) -> list[NDArray[np.uint8]]:
    """Return codes that change everywhere, then in few places, then not at all."""
    random = np.random.default_rng(layout.cols * 1000 + layout.rows)

    def noise() -> NDArray[np.uint8]:
        codes = np.empty(layout.size, np.uint8)
        for part, allowed in layout.limits():
            codes[part] = random.integers(0, allowed, len(codes[part]))
        return codes

    codes = noise()
    made = [codes]
    for number in range(1, count):
        following = codes.copy()
        if number % 3 == 1:
            following = noise()
        elif number % 3 == 2:
            at = random.integers(0, layout.size, 3)
            following[at] ^= 1
        codes = following
        made.append(codes)
    return made


def encode(name: str, layout: PlaneLayout, epochs: list[int]) -> None:
    """Write the packets of some epochs, and the codes after each."""
    packets = []
    for epoch in epochs:
        encoder = CellEncoder(layout, epoch=epoch, seq=10)
        for number, codes in enumerate(pictures(layout, 12)):
            form = MASK if number % 2 else RESIDUAL
            packet = encoder.encode(codes, number * 41_667, key=number == 7, form=form)
            packets.append(entry(packet, epoch, codes))
        packets.append(entry(encoder.end(12 * 41_667), epoch, None))
    vector = {
        "cols": layout.cols,
        "rows": layout.rows,
        "planes": layout.names,
        "y_bits": Y_BITS,
        "c_bits": C_BITS,
        "packets": packets,
    }
    OUT.mkdir(exist_ok=True)
    (OUT / f"{name}.json").write_text(json.dumps(vector, indent=1) + "\n")


def entry(packet: Packet, epoch: int, codes: NDArray[np.uint8] | None) -> dict[str, object]:
    """Describe a packet: its bytes, and the codes after it."""
    return {
        "epoch": epoch,
        "seq": packet.seq,
        "type": int(packet.type),
        "data": b64encode(packet.data).decode(),
        "codes": None if codes is None else b64encode(codes.tobytes()).decode(),
    }


encode("odd", PlaneLayout(7, 5), [0, 1])
encode("glyphs", PlaneLayout(8, 4, glyphs=95), [255])
encode("large", PlaneLayout(40, 16), [3])
