"""The configuration is linted before anything runs: a word that means nothing is an error."""

from pathlib import Path

import pytest

from azstaging.config import load_configuration
from azstaging.errors import ConfigurationError

WAIVER = """
[[waiver]]
check = "{check}"
workload = "Payroll"
reason = "known"
category = "accepted risk"
approver = "owner@contoso.example"
ticket = "CHG-1"
created = 2026-01-01T00:00:00Z
expires = {expires}
"""


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('[gate]\nrequired = ["phase-stagged"]', "did you mean 'phase-staged'"),
        ('[gate]\nadvisory = ["zzz"]', "there is no check 'zzz'"),
        ("[gate.lifetimes]\ntargs = 600", "did you mean 'tags'"),
        (WAIVER.format(check="source-of", expires="2026-01-02T00:00:00Z"), "'source-off'"),
        (WAIVER.format(check="phase-staged", expires="2026-01-02T00:00:00Z"), "cannot be waived"),
        (WAIVER.format(check="source-off", expires="2026-03-02T00:00:00Z"), "30 days"),
        (WAIVER.format(check="source-off", expires="2026-01-01T00:00:00Z"), "not later"),
        (WAIVER.format(check="source-off", expires='"soon"'), "zone"),
        (WAIVER.format(check="source-off", expires="2026-01-02T00:00:00Z") + 'who = "x"', "who"),
    ],
)
def test_a_policy_or_waiver_that_means_nothing_is_refused(
    tmp_path: Path, text: str, says: str
) -> None:
    file = tmp_path / "azstaging.toml"
    file.write_text(text, "utf-8")
    with pytest.raises(ConfigurationError, match=says):
        load_configuration(file)


KNOWN = WAIVER.format(check="tags", expires="2026-01-02T00:00:00Z")
PAYROLL = '[[workload]]\nname = "Payroll"\nitems = ["PAY-*"]\n'


@pytest.mark.parametrize(
    ("subject", "says"),
    [
        ('workload = "Payrol"', "did you mean 'Payroll'"),
        ('workload = "Billing"', "there is no workload 'Billing'"),
        # It would waive for the whole workload of that name, and for no machine.
        ('item = "Payroll"', "is no resource id"),
        ('item = "PAY-APP-01"', "is no resource id"),
    ],
)
def test_a_waiver_of_something_that_does_not_exist_is_refused(
    tmp_path: Path, subject: str, says: str
) -> None:
    file = tmp_path / "azstaging.toml"
    file.write_text(PAYROLL + KNOWN.replace('workload = "Payroll"', subject), "utf-8")
    with pytest.raises(ConfigurationError, match=says):
        load_configuration(file)


@pytest.mark.parametrize("subject", ['workload = "payroll"', 'item = "/subscriptions/s/x/y"'])
def test_a_waiver_names_a_workload_or_an_item_by_its_id(tmp_path: Path, subject: str) -> None:
    file = tmp_path / "azstaging.toml"
    file.write_text(PAYROLL + KNOWN.replace('workload = "Payroll"', subject), "utf-8")
    (waiver,) = load_configuration(file).waivers
    assert waiver.subject in subject
