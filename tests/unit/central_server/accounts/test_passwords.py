"""Names and passwords of accounts: which are refused, and how passwords are stored."""

import pytest

from central_server.accounts import account_administration, passwords
from central_server.accounts.access import Role
from central_server.accounts.account_administration import NameTaken
from central_server.accounts.account_names import NameRefused
from central_server.accounts.breached_passwords import breached
from central_server.accounts.passwords import PasswordRefused, Weakness
from central_server.store.engine.database import Database
from central_server.store.places.places import TOP
from tests.fakes.staff_account import set_password
from tests.unit.central_server.staff_desk import NOW, PASSWORD


@pytest.mark.parametrize(
    ("password", "weakness"),
    [
        ("short", Weakness.short),
        ("九个字的密码不够长", Weakness.short),
        ("x" * 201, Weakness.long),
        ("password123", Weakness.common),
        ("Password-2026", Weakness.common),
        ("ｐａｓｓｗｏｒｄ１２３", Weakness.common),
        ("1234567890", Weakness.common),
        ("qwertyuiop", Weakness.common),
        ("aaaaaaaaaaaa", Weakness.common),
        ("ababababab", Weakness.common),
        ("Huaqiaodaxue2026", Weakness.common),
        ("Minecraft123", Weakness.common),
        ("woaini-5201314", Weakness.common),
        ("Huada.Admin.2026", Weakness.common),
        ("捐款社区管理员123", Weakness.common),
        ("Lotus Lane 1988", Weakness.common),
        ("chen.meiling", Weakness.name),
        ("CHEN.MEILING1", Weakness.name),
    ],
)
def test_a_weak_password_is_refused_with_its_weakness(password: str, weakness: Weakness) -> None:
    with pytest.raises(PasswordRefused) as refused:
        passwords.check("chen.meiling", password, ["Lotus Lane"])
    assert refused.value.weakness is weakness


@pytest.mark.parametrize(
    "password",
    ["correct horse battery", "走过三条街就到了家门口", "tea at 4, then home", "🍵 for us two", "beacons over the bay"],
)
def test_a_password_may_have_any_characters(password: str) -> None:
    passwords.check("chen.meiling", password, ["Lotus Lane", ""])


def test_a_breached_password_is_refused() -> None:
    """The list has more than the 3,000 passwords of sufficient length that ASVS 5.0 demands (6.2.4)."""
    known = sorted(breached())
    assert len(known) > 3000
    assert all(len(password) >= passwords.SHORTEST and password == password.casefold() for password in known)
    for password in known[::300]:
        for set_cookies in (password, password.upper()):
            with pytest.raises(PasswordRefused):
                passwords.check("chen.meiling", set_cookies)


async def test_a_password_counts_to_its_last_character() -> None:
    """Also in decomposed form, which has more characters."""
    composed, decomposed = "각" * passwords.LONGEST, "\u1100\u1161\u11a8" * passwords.LONGEST
    known = await passwords.hashed(composed)
    assert await passwords.fits(known, decomposed)
    for longer in (composed + "x", decomposed + "x", composed + "x" * 10_000):
        assert not await passwords.fits(known, longer)


async def test_a_hash_costs_what_owasp_recommends() -> None:
    hashed = await passwords.hashed(PASSWORD)
    assert hashed.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert await passwords.fits(hashed, PASSWORD)


async def test_an_account_name_has_only_letters_and_digits(database: Database) -> None:
    for name in ("", " ", "a b", "a/b", "(beacon-central)", "x" * 65, "<b>", "a\tb", ".", "-a", "сhen", "αβ"):
        with pytest.raises(NameRefused):
            await set_password(database, name, PASSWORD, NOW, role=Role.chief)


async def test_a_name_that_looks_like_another_one_is_refused(database: Database) -> None:
    await set_password(database, "chen.lin0", PASSWORD, NOW, role=Role.chief)
    for name in ("Chen.Lin0", "chen.1in0", "chen.lino", "CHEN.IIN0", "ｃｈｅｎ．ｌｉｎＯ"):
        with pytest.raises(NameRefused, match="looks like"):
            await set_password(database, name, PASSWORD, NOW, role=Role.chief)
        async with database.write() as connection:
            with pytest.raises(NameTaken):
                await account_administration.add(connection, name, "x", TOP, Role.viewer, NOW, by="")
