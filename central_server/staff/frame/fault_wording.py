"""List what is wrong with a value and how to correct it, as English msgids for pages and commands."""

from dataclasses import replace

from central_server.catalogue.field_parsing import Fault, Word
from central_server.staff.frame.msgid import _
from sync_contract.project import Texts
from sync_contract.strict_model import Language

FAULTS = {
    Word.needed: _("This field is empty. Fill it in."),
    Word.too_long: _("%(length)s characters; there is room for %(most)s. Shorten it."),
    Word.unreadable: _("It contains a character that cannot be shown. Type it again."),
    Word.not_a_number: _("This is not a whole number. Write digits only."),
    Word.out_of_range: _("Write a number from %(least)s to %(most)s."),
    Word.not_money: _("This is not an amount in yuan. Write it like 50 or 12.50; separate several by spaces."),
    Word.too_many: _("At most %(most)s. Leave some out."),
    Word.amount_outside: _("Each amount must lie between %(least)s and %(most)s yuan, the least and the most above."),
    Word.least_over_most: _("The most is less than the least. Change one of them."),
    Word.not_an_example: _("Begin the line with the amount, like: 30 three lunches. This line does not: %(line)s"),
    Word.not_on_a_button: _("No button has %(amount)s yuan. Use one of %(allowed)s, or leave the line out."),
    Word.amount_twice: _("%(amount)s yuan appears twice. Leave one of the lines out."),
    Word.example_too_long: _(
        "The words for %(amount)s yuan have %(length)s characters; a button has room for %(most)s. Shorten them."
    ),
    Word.example_missing: _("The other languages say what %(amount)s yuan pays for. Please say it here too."),
    Word.not_a_date: _("This is not a date. Write it like 2026-12-31."),
    Word.not_a_time: _("This is not a time of day. Write it like 9:00 or 14:30."),
    Word.day_outside: _("Write a day from %(first)s to %(last)s."),
    Word.ends_before_it_begins: _("This day is before the first day, %(since)s."),
    Word.not_an_id: _("Use small letters a to z, digits and hyphens, 16 at most; a hyphen neither first nor last."),
    Word.not_a_uuid: _("This is not a UUID. It has 32 digits from 0 to 9 and a to f, as on the beacon's label."),
    Word.not_https: _("Write the whole address, beginning with https://"),
    Word.not_yes_or_no: _("Write yes or no, or leave it empty."),
    Word.not_hours: _("These are not hours. Write them like 10:00-13:30; separate several by spaces."),
    Word.not_weekdays: _("Write the days as digits, 1 for Monday to 7 for Sunday, like 12345."),
    Word.not_one_of: _("Only these words are possible: %(allowed)s."),
    Word.not_a_group: _("The name of a group has no spaces, and 32 characters at most."),
    Word.unknown_place: _("There is no such place, or you may not edit there. Choose one from the list."),
    Word.unknown_project: _("No project of this id is offered there. Add the project first, or correct the id."),
    Word.unknown_organisation: _("There is no organisation of this id there. Add it first, or correct the id."),
    Word.unknown_gateway: _("There is no gateway of this id there. Leave it empty for a device of its own."),
    Word.unknown_binding: _("There is no binding of this id. Leave the id empty for a new one."),
    Word.unknown_column: _("Unknown column. Take the headings from an exported file."),
    Word.permit_incomplete: _(
        "Without it the project shows no donate button. Fill in all five of the permit, or leave all five empty."
    ),
    Word.class_needed: _("A person's tag needs a class: small letters, digits and hyphens, like volunteer-card."),
    Word.class_of_place: _("A place beacon has no class. Leave it empty."),
    Word.taken: _("This already exists: %(what)s. Change that one, or choose another."),
    Word.owned_visibly: _("%(label)s in %(place)s already has these numbers. Change that one, or choose others."),
    Word.owned_elsewhere: _(
        "Another community already uses these numbers. Choose others. If the device is yours, ask the "
        "administrators of %(who)s."
    ),
    Word.twice_in_file: _("Row %(row)s gives these numbers to another community. Leave one of them out."),
    Word.repeated: _("Row %(row)s is the same. Leave one of them out."),
    Word.file_unreadable: _("This file cannot be read. Save it as CSV (UTF-8 or GB18030) or as XLSX, and try again."),
    Word.file_too_large: _("This file is too long: at most %(most)s at once. Divide it."),
    Word.not_a_picture: _("This is not a JPEG, PNG or WebP picture of at most 2 MB. Choose another."),
    Word.gift_unknown: _("There is no gift with this number here. Take the number from the downloaded list."),
    Word.gift_settled: _("This gift no longer needs evidence. Leave the row out."),
    Word.placeholder: _("This is a placeholder of the files that come with the software. Write what is true for you."),
    Word.evidence_used: _("Another gift was confirmed with this number. Check which of the two it belongs to."),
}


def in_english(fault: Fault) -> str:
    return FAULTS[fault.word] % in_language(fault, Language.en).facts


def in_language(fault: Fault, language: Language) -> Fault:
    """Translate the names of places in a fault."""
    facts = {name: value[language] if isinstance(value, Texts) else value for name, value in fault.facts.items()}
    return replace(fault, facts=facts)
