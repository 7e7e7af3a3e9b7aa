"""Local days, hours, minutes and seconds, with clocks that are changed."""

from datetime import UTC, date, datetime
from itertools import pairwise
from zoneinfo import ZoneInfo

from hypothesis import given, settings, strategies as st
import pytest

from custom_components.retrocam.media.search import MediaQuery
from custom_components.retrocam.media.spans import (
    Span,
    SpanId,
    Unit,
    day_at,
    local_time,
    may_be_day_of,
    span_of_day,
    unit_at,
    unit_title,
    units,
)

BERLIN, NEW_YORK = ZoneInfo("Europe/Berlin"), ZoneInfo("America/New_York")
LORD_HOWE = ZoneInfo("Australia/Lord_Howe")
ZONES = [
    *map(ZoneInfo, ("UTC", "Asia/Kathmandu", "Pacific/Kiritimati", "Pacific/Apia", "Etc/GMT+12")),
    # Midnight is skipped or shown twice, or the former day is shown again.
    *map(ZoneInfo, ("America/Havana", "America/Sao_Paulo", "America/St_Johns", "Africa/Monrovia")),
    BERLIN,
    NEW_YORK,
    LORD_HOWE,
]
HOURS = [
    (BERLIN, date(2026, 3, 29), 23, {"01:00–03:00", "03:00–04:00"}, {"02:00–03:00"}),
    (BERLIN, date(2026, 10, 25), 25, {"02:00–02:00 CEST", "02:00–03:00 CET"}, {"02:00–03:00"}),
    (NEW_YORK, date(2026, 11, 1), 25, {"01:00–01:00 EDT", "01:00–02:00 EST"}, {"01:00–02:00"}),
    (LORD_HOWE, date(2026, 4, 5), 25, {"01:00–01:30", "01:30–02:00 +1030"}, {"01:00–02:00"}),
    (LORD_HOWE, date(2026, 10, 4), 24, {"01:00–02:30", "02:30–03:00"}, {"02:00–03:00"}),
    (BERLIN, date(2026, 7, 1), 24, {"00:00–01:00", "23:00–00:00"}, set()),
]


@pytest.mark.parametrize(("zone", "day", "count", "present", "absent"), HOURS)
def test_hours_of_a_day_on_which_clocks_are_changed(
    zone: ZoneInfo, day: date, count: int, present: set[str], absent: set[str]
) -> None:
    titles = [
        unit_title(hour, Unit.HOUR, zone) for hour in units(span_of_day(day, zone), Unit.HOUR, zone)
    ]
    assert len(titles) == len(set(titles)) == count
    assert present <= set(titles)
    assert not absent & set(titles)


@pytest.mark.parametrize("zone", ZONES, ids=str)
@settings(deadline=None)
@given(time=st.integers(0, 253_402_300_799))
def test_each_time_has_one_day_hour_minute_and_second(zone: ZoneInfo, time: int) -> None:
    day = day_at(time, zone)
    span = span_of_day(day, zone)
    assert span.start <= time < span.end
    assert may_be_day_of(day, time)
    for unit in Unit:
        parts = list(units(span, unit, zone))
        assert (parts[0].start, parts[-1].end) == span
        assert all(one.end == other.start for one, other in pairwise(parts))
        (span,) = [part for part in parts if part.start <= time < part.end]
        assert local_time(span.start, zone).utcoffset() == local_time(time, zone).utcoffset()
        named = SpanId(unit, span.start)
        assert SpanId.parse(str(named)) == named
        assert unit_at(named.start, named.unit, zone) == span


@settings(deadline=None)
@given(st.text(max_size=30))
def test_other_ids_name_no_span(text: str) -> None:
    assert SpanId.parse(text) is None
    assert SpanId.parse(f"hour-{text}") is None


def at(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp())


QUERIES = [
    ("2026", ("2025-12-31 23:00", "2026-12-31 23:00")),
    ("2026-02", ("2026-01-31 23:00", "2026-02-28 23:00")),
    ("2024-02-29", ("2024-02-28 23:00", "2024-02-29 23:00")),
    ("2026-10-25", ("2026-10-24 22:00", "2026-10-25 23:00")),
    ("2026-10 2026-10-25 2026", ("2026-10-24 22:00", "2026-10-25 23:00")),
]


@pytest.mark.parametrize(("text", "span"), QUERIES)
def test_dates_are_searched_in_local_time(text: str, span: tuple[str, str]) -> None:
    assert MediaQuery.parse(text, BERLIN) == MediaQuery((), Span(at(span[0]), at(span[1])))


TIMES = [
    ("2026-07-01", "7:05", ["2026-07-01 05:05"]),
    ("2026-10-25", "2:30", ["2026-10-25 01:30", "2026-10-25 00:30"]),
    ("2026-03-29", "02:30", []),
    ("2026-07-01", "23:59", ["2026-07-01 21:59"]),
]


@pytest.mark.parametrize(("day", "text", "starts"), TIMES)
def test_times_of_day_are_searched_in_local_time(day: str, text: str, starts: list[str]) -> None:
    query = MediaQuery.parse(text, BERLIN)
    spans = list(query.spans_in(date.fromisoformat(day), BERLIN))
    assert spans == [(at(start), at(start) + 60) for start in starts]
    if starts:
        exact = MediaQuery.parse(f"{text}:07 {text} {day}", BERLIN)
        assert list(exact.spans_in(date.fromisoformat(day), BERLIN)) == [
            (at(start) + 7, at(start) + 8) for start in starts
        ]


@pytest.mark.parametrize(
    "text", ["25:00", "7:99", "2026-13", "2026-00", "2026-02-30", "0000", "9:5", "x"]
)
def test_other_words_are_names(text: str) -> None:
    assert MediaQuery.parse(text, BERLIN) == MediaQuery((text.casefold(),))
    assert MediaQuery.parse(text, BERLIN).names_match(f"Porch {text.upper()}")


WORDS = st.one_of(st.text(), st.from_regex("[0-9]{4}(-[0-9]{2}){0,2}"), st.just("9999 9999-12"))


@settings(deadline=None)
@given(text=WORDS, day=st.dates())
def test_any_words_can_be_searched(text: str, day: date) -> None:
    query = MediaQuery.parse(text, BERLIN)
    query.names_match("Porch")
    assert all(span.start <= span.end for span in query.spans_in(day, BERLIN))


def test_contradicting_dates_match_nothing() -> None:
    query = MediaQuery.parse("2025 2026", BERLIN)
    assert query.span is not None
    assert query.span.start >= query.span.end
    assert MediaQuery.parse("x" * 10_000, BERLIN).names == ("x" * 200,)
