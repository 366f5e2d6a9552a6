"""Decide which figures of service everybody may see: of a complete month, and none about fewer than five people.

No sum is published, from which a figure that is left out could be computed: neither of the grades nor of months.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from volunteering.rules.service_hours import Grade

MIN_PEOPLE = 5


@dataclass(frozen=True, slots=True)
class ServiceMonth:
    """A month of a community. `people`, `minutes`: by grade. `all_people`: each counted once.

    `returning`: those who served in an earlier month too. `places`: different ones. `people_served`: people helped.
    """

    year: int
    month: int
    all_people: int
    returning: int
    people: Mapping[Grade, int]
    minutes: Mapping[Grade, int]
    places: int
    people_served: int


@dataclass(frozen=True, slots=True)
class PublicMonth:
    """None: about fewer than five people."""

    year: int
    month: int
    people: int | None
    returning: int | None
    minutes: Mapping[Grade, int]
    people_served: int | None


def publish(month: ServiceMonth) -> PublicMonth:
    """Return what everybody may see; a grade is left out unless five people or more have it."""
    people = month.all_people if month.all_people >= MIN_PEOPLE else None
    new = month.all_people - month.returning
    apart = month.returning >= MIN_PEOPLE and (new == 0 or new >= MIN_PEOPLE)
    minutes = {
        grade: month.minutes[grade] for grade in Grade if grade in month.minutes and month.people[grade] >= MIN_PEOPLE
    }
    served = month.people_served if people is not None and month.people_served >= MIN_PEOPLE else None
    return PublicMonth(month.year, month.month, people, month.returning if apart else None, minutes, served)
