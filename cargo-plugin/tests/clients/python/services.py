"""Services of a host: the plugin logs, and keeps values by key if it is granted. And a time limit."""

import sys

sys.path.insert(0, "clients")

from guest_book import GuestBook, MemoryLog, MemoryStore, PluginError  # noqa: E402
from typed import ErrorCode, Limits, Typed  # noqa: E402
from typed import PluginError as TypedError  # noqa: E402

log = MemoryLog()
denied = GuestBook.load("guest-book.wasm", log=log)
try:
    denied.greet(name="Ada")
    raise AssertionError("it is granted nothing")
except PluginError as error:
    assert error.code == "permission_denied" and error.details["permission"] == "kv", error
assert log.lines[0][2] == "greeting Ada", log.lines

kv = MemoryStore()
with GuestBook.load("guest-book.wasm", kv=kv) as book:
    assert book.last() is None
    assert book.greet(name="Ödön") == "Hello, Ödön!"
    assert book.last() == "Ödön"
    assert kv.list("") == ["last"]
    # Another instance has the same store.
    assert GuestBook.load("guest-book.wasm", kv=kv).last() == "Ödön"

    def broken(key: str) -> bytes:
        raise PluginError("unavailable", "the disk is on fire")

    # An error of a service becomes the plugin's.
    kv.get = broken
    try:
        book.last()
        raise AssertionError("it did not fail")
    except PluginError as error:
        assert (error.code, error.message) == ("unavailable", "the disk is on fire"), error

typed = Typed.load("typed.wasm", limits=Limits(timeout=0.1))
try:
    typed.spin()
    raise AssertionError("it has no end")
except TypedError as error:
    assert error.code is ErrorCode.TIMEOUT, error
