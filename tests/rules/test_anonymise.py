"""What gets a pseudonym, and what is known to be harmless."""

import pytest

from azstaging.rules.anonymise import Anonymiser


@pytest.mark.parametrize(
    "harmless",
    [
        "2026-11-24T02:58:57.2460547Z",
        "2026-11-25T02:58:57.246054+00:00",
        "0001-01-01T00:00:00",
        "2026-11-24",
        "11/24/2026 2:58:57 AM",
        "11/24/2026 02:58:57 +00:00",
        "02:58:57.24",
        "1.02:58:57",
        "true",
        "4096",
        "9.62.7050.1.2",
    ],
)
def test_times_and_numbers_stay(harmless):
    assert Anonymiser().text(harmless) == harmless


@pytest.mark.parametrize(
    "telling",
    [
        "00:50:56:11:39:61",
        "00:50:56:0B:53:13",
        "00-0D-3A-11-22-33",
        "10:20:30:40::1",
        "02:58:57 restore of PAYROLL-DB",
        "2026-11-24 10:00 restore of PAYROLL-DB",
        "2026-11-24T10:00:00Z PAYROLL-DB",
        "11/24/2026 PAYROLL-DB",
        "10.1.2.3",
    ],
)
def test_what_only_begins_like_a_time_gets_a_pseudonym(telling):
    shown = Anonymiser().text(telling)
    assert telling.casefold() not in shown.casefold()
    assert "PAYROLL" not in shown


def test_one_adapter_has_one_pseudonym_however_its_address_is_written():
    names = Anonymiser()
    written = ("00:50:56:11:39:FA", "00-50-56-11-39-fa", "00:50:56:11:39:fa")
    assert len({names.text(text) for text in written}) == 1
    assert Anonymiser(names.names).text(written[1]) == names.text(written[0])
