"""The soak of soak.py, short: long enough for a leak of a kilobyte a request to show."""

from tests.browser.sample_college import SampleCollege
from tests.faults.soak import soak


def test_memory_and_journal_stay_bounded(college: SampleCollege) -> None:
    found = soak(college, minutes=0.25)
    print(found)
    assert found.sound, found
