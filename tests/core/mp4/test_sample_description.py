"""Bit rates are no part of a format."""

from hypothesis import given, strategies as st

from custom_components.retrocam.core.mp4.sample_description import without_rates

# Two sample descriptions of one AAC stream, as Home Assistant's segments carried them.
HEAD = (
    "00000083" + b"stsd".hex() + "00000000" + "00000001"
    "0000006b6d70346100000000000000010000000000000000000100100000"
    "0000bb800000"
)
MIDDLE = "000000336573647300000000038080802200020004808080144015"
TAIL = "05808080021188068080800102"


def aac(rate: str) -> bytes:
    return bytes.fromhex(
        HEAD
        + MIDDLE
        + "000000"
        + rate
        + rate
        + TAIL
        + "0000001462747274"
        + "00000000"
        + rate
        + rate
    )


def test_the_same_format_at_another_rate_is_the_same() -> None:
    one, other = aac("00002f06"), aac("000047da")
    assert one != other
    assert without_rates(one) == without_rates(other)
    assert len(without_rates(one)) == len(one)


def test_another_format_stays_another() -> None:
    one = aac("00002f06")
    mono_44_1 = one.replace(bytes.fromhex("1188"), bytes.fromhex("1208"))
    assert mono_44_1 != one
    assert without_rates(mono_44_1) != without_rates(one)


@given(st.binary(max_size=200), st.integers(0, 200))
def test_damage_is_left_alone(noise: bytes, cut: int) -> None:
    for data in (noise, aac("00002f06")[:cut], b"esds" + noise, b"\0\0\0\x14btrt" + noise):
        assert len(without_rates(data)) == len(data)
        assert without_rates(without_rates(data)) == without_rates(data)
