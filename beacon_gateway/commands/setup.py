"""beacon-gateway setup: set this device up in a dialogue on the terminal."""

import asyncio
import logging
import os
import sys
import threading
from pathlib import Path

import structlog
from rich.cells import cell_len

from beacon_gateway.commands.setup_actions import DeviceActions
from beacon_gateway.commands.terminal_wrap import print_folded
from beacon_gateway.setup.setup_permit import SetupPermit
from beacon_gateway.setup.wizard.actions import SetupEnded
from beacon_gateway.setup.wizard.fault_wording import FAULTS
from beacon_gateway.setup.wizard.flow import SetupFlow
from beacon_gateway.setup.wizard.note_wording import NOTES
from beacon_gateway.setup.wizard.question_wording import CHOICES, QUESTIONS, STAGES
from beacon_gateway.setup.wizard.questions import GoBack, Note, Question, SetupFault, Stage, Topic
from sync_contract.strict_model import Language

FAILURE, INTERRUPTED = 1, 130
BACK = ("<", "back", "b", "返回", "上一步")
_BACK_HINT = {
    Language.zh_hans: "（输入 < 返回上一步）",
    Language.zh_hant: "（輸入 < 返回上一步）",
    Language.en: "(type < to go back)",
}
_ENTER_HINT = {Language.zh_hans: "直接按回车：", Language.zh_hant: "直接按 Enter：", Language.en: "Enter alone means: "}
_ENDED = {
    Language.zh_hans: "已停止。设置没有改动。",
    Language.zh_hant: "已停止。設定沒有改動。",
    Language.en: "Stopped. The settings are unchanged.",
}
_ENDED_ENROLLED = {
    Language.zh_hans: "设备已经登记好；15 分钟内再运行 sudo beacon-gateway setup 会接着做，以后要先加 --open。",
    Language.zh_hant: "設備已經登記好；15 分鐘內再執行 sudo beacon-gateway setup 會接著做，以後要先加 --open。",
    Language.en: "The device is enrolled; within 15 minutes sudo beacon-gateway setup continues from there,"
    " later after setup --open.",
}
_ENDED_WRITTEN = {
    Language.zh_hans: "已停止。新设置已写好，正在使用。",
    Language.zh_hant: "已停止。新設定已寫好，正在使用。",
    Language.en: "Stopped. The new settings are written and in use.",
}
_NEEDS_ROOT = "请加 sudo Use sudo: sudo beacon-gateway setup"
_CLOSED = (
    "这台设备已经登记过,设置已关上。要再设置,先运行下面的命令,15 分钟内有效。\n"
    "This device is enrolled, and its set-up is closed. To change it, run this command first; it is valid for"
    " 15 minutes:\n  sudo beacon-gateway setup --open"
)
_OPENED = (
    "设置已打开,15 分钟后或重启时自动关上。接着运行:\n"
    "The set-up is open for 15 minutes, or until the device restarts. Continue with:\n  sudo beacon-gateway setup"
)


class TerminalFront:
    """Implements setup.wizard.questions.Front. The first question is worded in every language."""

    def __init__(self) -> None:
        self.language = Language.zh_hans
        self._chosen = False
        self._lines: asyncio.Queue[str | None] = asyncio.Queue()
        self._reading = False

    def set_language(self, language: Language) -> None:
        self.language = language
        self._chosen = True

    def enter(self, stage: Stage) -> None:
        stages = list(Stage)
        title = STAGES[stage]
        text = title[self.language] if self._chosen else " · ".join(title.values())
        head = f"[{stages.index(stage) + 1}/{len(stages)}] {text} "
        print_folded(f"\n{head}{'─' * max(0, 60 - cell_len(head))}", flush=True)

    async def ask(self, question: Question) -> str:
        self._print_question(question)
        print("> ", end="", flush=True)
        line = await self._read_line()
        if line is None:
            print(flush=True)
            raise SetupEnded("end of input")
        if question.back and line.strip().casefold() in BACK:
            raise GoBack
        return line

    def note(self, note: Note, **facts: str) -> None:
        text = NOTES[note][self.language].format(**facts)
        print_folded("\n".join(f"  {line}" for line in text.split("\n")), flush=True)

    def refuse(self, fault: SetupFault, **facts: str) -> None:
        worded = FAULTS[fault]
        print_folded(f"  ✗ {worded.reason[self.language].format(**facts)}", flush=True)
        print_folded(f"    {worded.remedy[self.language].format(**facts)}", flush=True)

    def _print_question(self, question: Question) -> None:
        worded = QUESTIONS[question.topic]
        if question.topic is Topic.language:
            print_folded(f"  {' · '.join(worded.title.values())}")
        else:
            print_folded(f"  {worded.title[self.language]}")
            print_folded(f"  {worded.help[self.language].format(**question.facts)}")
        for number, choice in enumerate(question.choices, 1):
            print_folded(f"    {number}  {choice.label or CHOICES[choice.word][self.language]}")
        hints = []
        if question.default:
            numbers = [
                str(number) for number, choice in enumerate(question.choices, 1) if choice.word == question.default
            ]
            hints.append(f"{_ENTER_HINT[self.language]}{numbers[0] if numbers else question.default}")
        if question.back:
            hints.append(_BACK_HINT[self.language])
        if hints:
            print_folded(f"  {'  '.join(hints)}")

    async def _read_line(self) -> str | None:
        if not self._reading:
            loop = asyncio.get_running_loop()
            threading.Thread(target=self._read, args=(loop,), daemon=True, name="stdin").start()
            self._reading = True
        return await self._lines.get()

    def _read(self, loop: asyncio.AbstractEventLoop) -> None:
        """Read with os.read: a thread inside sys.stdin would block the end of the program."""
        rest = b""
        while part := os.read(0, 4096):
            *lines, rest = (rest + part).split(b"\n")
            for line in lines:
                loop.call_soon_threadsafe(self._lines.put_nowait, line.decode("utf-8", "replace").strip())
        loop.call_soon_threadsafe(self._lines.put_nowait, None)


def open_setup(permit: SetupPermit) -> int:
    """Open the set-up of an enrolled device for a while; return the exit code: 0, or 1 without root."""
    try:
        permit.open()
    except OSError as error:
        print(f"{error.filename}: {error.strerror}\n{_NEEDS_ROOT} --open", file=sys.stderr)
        return FAILURE
    print_folded(_OPENED)
    return 0


def run(actions: DeviceActions) -> int:
    """Return the exit code: 0 when the site is set up, 1 without root, when closed or at the end of the input,

    130 after Ctrl-C.
    """
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    if not _may_write(actions.places.config.parent):
        print(_NEEDS_ROOT, file=sys.stderr)
        return FAILURE
    if not actions.permit.is_open():
        print(_CLOSED, file=sys.stderr)
        return FAILURE
    front = TerminalFront()
    try:
        asyncio.run(SetupFlow(front, actions).run())
    except KeyboardInterrupt:
        print()
        return _report_end(front, actions, INTERRUPTED)
    except SetupEnded:
        return _report_end(front, actions, FAILURE)
    actions.permit.close()
    return 0


def _report_end(front: TerminalFront, actions: DeviceActions, code: int) -> int:
    print_folded((_ENDED_WRITTEN if actions.written else _ENDED)[front.language])
    if actions.enrolled_now and not actions.written:
        print_folded(_ENDED_ENROLLED[front.language])
    return code


def _may_write(folder: Path) -> bool:
    existing = next(each for each in (folder, *folder.absolute().parents) if each.exists())
    return os.access(existing, os.W_OK)
