"""Decide when somebody under 18 may take part: with a guardian's consent, and under 14 together with the guardian."""

from enum import StrEnum


class AgeBand(StrEnum):
    adult = "adult"
    youth = "youth"
    """14 to 17 years."""
    child = "child"
    """Under 14."""


class MinorProblem(StrEnum):
    consent = "consent"
    """No guardian agrees, or no longer."""
    company = "company"
    """The guardian has no seat in the same shift."""


def judge_minor(band: str, *, consent: bool, accompanied: bool) -> MinorProblem | None:
    """Return why a person of this age may not take part."""
    if band == AgeBand.adult:
        return None
    if not consent:
        return MinorProblem.consent
    return MinorProblem.company if band == AgeBand.child and not accompanied else None


def read_age(typed: str) -> AgeBand:
    return AgeBand(typed) if typed in list(AgeBand) else AgeBand.adult
