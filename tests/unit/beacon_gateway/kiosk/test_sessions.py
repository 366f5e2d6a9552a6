from beacon_gateway.donations.ports import Gift
from beacon_gateway.kiosk.sessions import GIVING_S, IDLE_S, MAX_SESSIONS, Sessions
from sync_contract.money import Money
from sync_contract.records import HandoffKind
from sync_contract.strict_model import Language
from tests.browser.projects import LUNCH

GIFT = Gift("0" * 32, LUNCH, Money(1000, "CNY"), HandoffKind.link, "https://give.example/")


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_an_idle_session_is_forgotten_after_ten_minutes_and_a_used_one_is_not() -> None:
    clock = Clock()
    sessions = Sessions(Language.zh_hans, now=clock)
    session = sessions.open()
    session.language = Language.en
    clock.now = IDLE_S
    assert sessions.find(session.id) is session
    clock.now = 2 * IDLE_S
    assert sessions.find(session.id) is session
    clock.now = 3 * IDLE_S + 1
    assert sessions.find(session.id) is None


def test_a_session_with_an_open_stream_is_not_dropped() -> None:
    clock = Clock()
    sessions = Sessions(Language.zh_hans, now=clock)
    session = sessions.open()
    with session.following():
        clock.now = 100 * IDLE_S
        assert sessions.find(session.id) is session
    clock.now = 102 * IDLE_S
    assert sessions.find(session.id) is None


def test_a_dropped_session_is_gone_and_an_unknown_one_was_never_there() -> None:
    sessions = Sessions(Language.zh_hans)
    session = sessions.open()
    sessions.drop(session)
    sessions.drop(session)
    assert sessions.find(session.id) is None
    assert sessions.find("") is None
    assert sessions.find("0" * 32) is None


def test_sessions_are_bounded_and_the_one_idle_longest_makes_room() -> None:
    clock = Clock()
    sessions = Sessions(Language.zh_hant, now=clock)
    opened = []
    for _ in range(MAX_SESSIONS + 1):
        clock.now += 0.01
        opened.append(sessions.open())
    assert len({session.id for session in opened}) == MAX_SESSIONS + 1
    assert sessions.find(opened[0].id) is None
    assert sessions.find(opened[1].id) is opened[1]
    assert all(session.language is Language.zh_hant for session in opened)


def test_a_gift_is_active_for_a_minute_after_the_last_request() -> None:
    clock = Clock()
    sessions = Sessions(Language.zh_hans, now=clock)
    session, _other = sessions.open(), sessions.open()
    assert sessions.active_gifts() == ()
    session.gift = GIFT
    clock.now = GIVING_S
    assert sessions.active_gifts() == (GIFT,)
    clock.now += 0.1
    assert sessions.active_gifts() == ()
    sessions.find(session.id)
    assert sessions.active_gifts() == (GIFT,)
    sessions.drop(session)
    assert sessions.active_gifts() == ()


def test_a_recently_seen_session_is_not_dropped_before_older_ones() -> None:
    clock = Clock()
    sessions = Sessions(Language.zh_hans, now=clock)
    opened = []
    for _ in range(MAX_SESSIONS):
        clock.now += 0.01
        opened.append(sessions.open())
    assert sessions.find(opened[0].id) is opened[0]
    sessions.open()
    assert sessions.find(opened[0].id) is opened[0]
    assert sessions.find(opened[1].id) is None


def test_idle_sessions_go_although_one_before_them_is_followed() -> None:
    clock = Clock()
    sessions = Sessions(Language.zh_hans, now=clock)
    followed = sessions.open()
    with followed.following():
        idle = [sessions.open() for _ in range(MAX_SESSIONS - 1)]
        clock.now = IDLE_S + 1
        sessions.open()
        sessions.open()
        clock.now = 0
        assert sessions.find(idle[0].id) is None
        assert sessions.find(followed.id) is followed


def test_a_session_and_its_gift_are_recovered_once_and_only_shortly_after_a_restart() -> None:
    clock = Clock()
    before = Sessions(Language.zh_hans, secret=b"of this device", now=clock)
    session, dropped = before.open(), before.open()
    session.gift = GIFT
    reference = before.sign_gift(session)
    before.drop(dropped)
    assert before.recover(dropped.id) is None, "the next person must not return to it"
    after = Sessions(Language.zh_hans, secret=b"of this device", now=clock)
    again = after.recover(session.id)
    assert again is not None
    assert after.find(session.id) is again
    assert after.read_gift(again, reference) == GIFT.intent
    after.drop(again)
    assert after.recover(session.id) is None
    late = Sessions(Language.zh_hans, secret=b"of this device", now=clock)
    clock.now += IDLE_S + 1
    assert late.recover(session.id) is None


def test_no_invented_session_or_gift_is_recovered() -> None:
    before = Sessions(Language.zh_hans, secret=b"of this device")
    session, other = before.open(), before.open()
    session.gift = GIFT
    reference = before.sign_gift(session)
    assert before.read_gift(other, reference) == "", "a gift belongs to its session"
    for wrong in ("", ".", reference[:-1], "1" + reference[1:], GIFT.intent, GIFT.intent + "."):
        assert before.read_gift(session, wrong) == ""
    after = Sessions(Language.zh_hans, secret=b"of another device")
    assert after.recover(session.id) is None
    again = Sessions(Language.zh_hans, secret=b"of this device")
    for wrong in ("", "0" * 72, session.id[:-1], session.id + "0", session.id[:40], "é" * 72):
        assert again.recover(wrong) is None
