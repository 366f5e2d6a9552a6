"""Messages arrive by mail and WeCom, or the failure is reported without a secret."""

from pathlib import Path

import pytest

from central_server.alerts.mail import MailSender
from central_server.alerts.notifier import Message, SendFailed
from central_server.alerts.wecom import content
from tests.fakes.mail_server import running_post_office


def test_a_long_message_is_cut_between_paragraphs() -> None:
    text = content(Message("題目", tuple(f"{number}: {'漢' * 100}" for number in range(30))))
    assert len(text.encode()) <= 2048
    assert text.endswith("漢\n\n…")
    assert content(Message("a", ("b", "c"))) == "a\n\nb\n\nc"


MESSAGE = Message("華大社區：待處理 1 件", ("第一段", "second"))


async def test_mail_arrives_after_starttls_and_login(tmp_path: Path) -> None:
    with running_post_office(tmp_path, login=("alerts", "hunter2")) as office:
        sender = MailSender(
            "127.0.0.1", office.port, "starttls", "alerts@give.example.org", "alerts", "hunter2", office.trust
        )
        await sender.send("staff@huada.example.org", MESSAGE)
        (mail,) = office.came
        assert (mail["Subject"], mail["From"], mail["To"]) == (
            MESSAGE.subject, "alerts@give.example.org", "staff@huada.example.org"
        )  # fmt: skip
        assert mail["Auto-Submitted"] == "auto-generated"
        assert mail.get_content().split() == ["第一段", "second"]


@pytest.mark.parametrize(("password", "trusts", "words"), [("wrong", True, "535"), ("hunter2", False, "CERTIFICATE")])
async def test_an_untrusted_mail_server_gets_no_mail(tmp_path: Path, password: str, trusts: bool, words: str) -> None:
    with running_post_office(tmp_path, login=("alerts", "hunter2")) as office:
        trust = office.trust if trusts else None
        sender = MailSender("127.0.0.1", office.port, "starttls", "alerts@give.example.org", "alerts", password, trust)
        with pytest.raises(SendFailed, match=words) as failed:
            await sender.send("staff@huada.example.org", MESSAGE)
        assert password not in str(failed.value)
        assert office.came == []


async def test_a_missing_mailbox_or_server_is_reported(tmp_path: Path) -> None:
    with running_post_office(tmp_path) as office:
        office.refused = {"gone@huada.example.org"}
        sender = MailSender("127.0.0.1", office.port, "none", "alerts@give.example.org")
        with pytest.raises(SendFailed, match=r"550 5\.1\.1 no such mailbox"):
            await sender.send("gone@huada.example.org", MESSAGE)
        port = office.port
    with pytest.raises(SendFailed, match="ConnectionRefused"):
        await MailSender("127.0.0.1", port, "none", "alerts@give.example.org").send("a@b.example", MESSAGE)
