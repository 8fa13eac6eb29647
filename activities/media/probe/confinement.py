"""How the child gives up its rights, once it has all that it needs: what it loads, and its source, are open by then.

Landlock is Linux's way for a process to deny itself files and connections; a kernel that has none leaves the other
fences: nobody's user, limits, and a libav that is given no names.
"""

import ctypes
import os
import resource
import signal
import struct

_CREATE, _ADD, _RESTRICT = 444, 445, 446  # system calls; the same numbers on every architecture
_VERSION = 1
_PR_SET_PDEATHSIG, _PR_SET_NO_NEW_PRIVS = 1, 38
_RULE_NET_PORT = 2
_CONNECT = 1 << 1
_ALL_FILES = {1: (1 << 13) - 1, 2: (1 << 14) - 1, 3: (1 << 15) - 1, 4: (1 << 15) - 1}
_ALL_FILES_NOW = (1 << 16) - 1  # from version 5 on
_NET_FROM = 4
_ALL_NET = 0b11  # bind and connect by TCP


def give_up_rights(user: int, port: int | None, *, cpu_seconds: int) -> None:
    """Become nobody, and deny oneself every file, every connection but to this port, and all time but so much."""
    # Below the guard's limit, whose signal is the same as of a machine that has no memory left.
    resource.setrlimit(resource.RLIMIT_CPU, (cpu_seconds, resource.getrlimit(resource.RLIMIT_CPU)[1]))
    if os.geteuid() == 0:
        os.setgroups([])
        os.setgid(user)
        os.setuid(user)
    libc = ctypes.CDLL(None, use_errno=True)
    _control(libc, _PR_SET_PDEATHSIG, signal.SIGKILL)  # a change of user has undone what the guard had set
    _control(libc, _PR_SET_NO_NEW_PRIVS, 1)
    _lock(libc, port)


def _control(libc: ctypes.CDLL, option: int, value: int) -> None:
    libc.prctl(option, *(ctypes.c_ulong(each) for each in (value, 0, 0, 0)))


def _lock(libc: ctypes.CDLL, port: int | None) -> None:
    version: int = libc.syscall(_CREATE, None, ctypes.c_size_t(0), _VERSION)
    if version < 1:
        return
    files = _ALL_FILES.get(version, _ALL_FILES_NOW)
    attributes = struct.pack("=QQ", files, _ALL_NET) if version >= _NET_FROM else struct.pack("=Q", files)
    rules: int = libc.syscall(_CREATE, attributes, ctypes.c_size_t(len(attributes)), 0)
    if rules < 0:
        return
    if port is not None and version >= _NET_FROM:
        libc.syscall(_ADD, rules, _RULE_NET_PORT, struct.pack("=QQ", _CONNECT, port), 0)
    if libc.syscall(_RESTRICT, rules, 0) != 0:
        message = "Landlock is there, and does not take its rules"
        raise OSError(ctypes.get_errno(), message)
    os.close(rules)
