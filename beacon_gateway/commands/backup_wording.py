"""Messages of `backup` and `restore` in Chinese and English: what happened, and what to do."""

from beacon_gateway.setup.backup import BackupFault, Contents
from beacon_gateway.setup.restore import RestoreFault
from daemonkit.backup_archive import ArchiveFault

Sentences = tuple[str, str]

BACKUP_FAILED = {
    BackupFault.never_ran: (
        "网关还没有在这里运行过,没有可备份的内容。",
        "No gateway has run here yet: there is nothing to back up.",
    ),
    BackupFault.unreadable: ("读不了这个文件。请加 sudo。", "This file cannot be read: use sudo."),
    BackupFault.damaged: (
        "本机记录损坏了。请重启网关(它会自动修复),再备份。",
        "The records are damaged. Restart the gateway, which repairs them, then make the backup.",
    ),
    BackupFault.schema_too_new: (
        "本机记录是更新版本的程序写的。请用那个版本备份。",
        "A newer program wrote the records: make the backup with that version.",
    ),
    BackupFault.exists: (
        "文件已经存在,没有覆盖。请换一个文件名。",
        "The file exists and was not replaced: name another.",
    ),
    BackupFault.no_room: ("空间不够。请先腾出空间。", "There is not enough space: free some first."),
    BackupFault.cannot_write: (
        "写不了。请检查路径和空间。",
        "It cannot be written: check the path and the free space.",
    ),
}
ARCHIVE_REFUSED = {
    ArchiveFault.not_archive: ("不是备份文件,或者开头就断了。", "Not a backup, or cut off at its beginning."),
    ArchiveFault.truncated: (
        "备份损坏:读不到末尾。请重新复制,或用另一份备份。",
        "The backup is damaged: it cannot be read to its end. Copy it again, or use another one.",
    ),
    ArchiveFault.manifest_changed: (
        "备份损坏:目录与写入时不同。请用另一份备份。",
        "The backup is damaged: its manifest is not the one that was written. Use another one.",
    ),
    ArchiveFault.manifest_foreign: (
        "不是网关的备份(中心服务器的备份用 beacon-central restore)。",
        "Not a backup of a gateway (restore one of a central server with beacon-central restore).",
    ),
    ArchiveFault.newer_format: (
        "备份是更新版本的程序做的。请先安装新版本。",
        "A newer program made the backup: install that version first.",
    ),
    ArchiveFault.missing: ("备份不完整,缺少 {name}。请用另一份备份。", "The backup has no {name}. Use another one."),
    ArchiveFault.not_a_file: (
        "备份里的 {name} 不是普通文件。请不要使用这个文件。",
        "{name} in the backup is no plain file. Do not use this backup.",
    ),
    ArchiveFault.changed: (
        "备份损坏:{name} 与写入时不同。请用另一份备份。",
        "The backup is damaged: {name} is not what was written. Use another one.",
    ),
    ArchiveFault.too_large: (
        "文件头大得不正常,不是网关的备份。",
        "Its headers are larger than those of any backup of a gateway.",
    ),
}
RESTORE_REFUSED = {
    RestoreFault.newer_schema: (
        "备份是更新版本的程序做的。请先安装新版本。",
        "A newer program made the backup: install that version first.",
    ),
    RestoreFault.store_damaged: (
        "备份里的记录损坏了。请用另一份备份。",
        "The records in the backup are damaged. Use another one.",
    ),
    RestoreFault.other_environment: (
        "备份里的设置和记录不属于同一环境(演练与真实捐款不能混用)。",
        "The settings in the backup are for another environment than its records; drill and real never mix.",
    ),
    RestoreFault.no_room: ("空间不够。请先腾出空间。", "There is not enough space: free some first."),
    RestoreFault.occupied: (
        "这台设备里已有一个网关的记录。加 --yes 会把它们移到一旁(不删除),换成备份。",
        "This device has the records of a gateway. With --yes they are moved aside, not deleted, and replaced.",
    ),
}
UNCHANGED = ("没有改动。", "Nothing was changed.")
RUNNING = (
    "网关正在运行。请先停止: sudo systemctl stop beacon-gateway",
    "The gateway runs. Stop it first: sudo systemctl stop beacon-gateway",
)
SETTINGS_REFUSED = ("备份里的设置不能用:", "The settings in the backup are refused:")
NO_SERVER = (
    "备份里没有登记的服务器。请给出整个二维码的文字,或加 --server 网址。",
    "The backup names no server. Give the complete text of the QR code, or --server ADDRESS.",
)
ASK_CODE = "登记码(工作人员页面,该网关) code (staff page of this gateway): "
NOT_ENROLLED = (
    "已恢复,但还没有登记。请工作人员为同一个网关出一个登记码,然后运行:",
    "Restored, but not enrolled. Ask staff for a code of the same gateway, then run:",
)
NEVER_ENROLLED = (
    "备份里的网关没有用登记码登记过,不需要登记码。",
    "The gateway in the backup was never enrolled with a code; none is needed.",
)
START = ("最后一步:", "Last step:")
START_COMMAND = "  sudo systemctl enable --now beacon-gateway"
SECRET_FREE = (
    "里面没有密钥;换卡后要用一个新的登记码。请存到另一台机器上。",
    "It contains no key: a new card needs one new code. Store it on another machine.",
)


def describe_contents(contents: Contents) -> list[Sentences]:
    """Word what the backup has and what it lacks."""
    sentences = [
        (
            f"含 {contents.gifts} 笔还没送达服务器的捐款登记(共 {contents.parcels} 条待发记录)。",
            f"It has {contents.gifts} registered gifts not delivered yet ({contents.parcels} waiting parcels).",
        )
    ]
    if contents.refused:
        sentences.append(
            (
                f"另有 {contents.refused} 条被服务器拒收的记录。",
                f"It has {contents.refused} parcels that the server refused.",
            )
        )
    if contents.lost:
        sentences.append(
            (
                f"缺少 {contents.lost} 条:本机记录以前损坏过,其中可能有捐款;请和银行文件核对。",
                f"It lacks {contents.lost} parcels, lost when the card was damaged earlier; they may include gifts: "
                "compare with the bank's files.",
            )
        )
    return sentences
