"""The intake channel that a cell names."""

from __future__ import annotations

from typing import Any

from gridmgmt.core.tables.cells import text_of
from incidents.choices import Channel

CHANNEL_WORDS = {
    Channel.PHONE: ("电话", "来电", "热线", "12345", "phone", "call"),
    Channel.WEB: ("网", "微信", "小程序", "app", "web", "online", "邮件", "mail"),
    Channel.SMS: ("短信", "sms", "text message"),
    Channel.WALK_IN: ("来访", "上门", "窗口", "接访", "walk"),
    Channel.LETTER: ("来信", "信件", "书信", "letter"),
    Channel.PATROL: ("巡查", "巡视", "patrol"),
}
_CHANNELS = frozenset(Channel.values)


def channel_of(value: Any) -> str:
    """The intake channel that a word names; what is not known came by the file."""
    text = text_of(value).casefold()
    if not text:
        return str(Channel.IMPORT)
    if text in _CHANNELS:
        return text
    for channel, words in CHANNEL_WORDS.items():
        if any(word in text for word in words):
            return str(channel)
    return str(Channel.IMPORT)
