"""Become another program that dies with its supervisor, if need be as another user.

It is run as a file by a bare interpreter (`python -I -S`), so it may use the standard library only:

    launcher.py SUPERVISOR_PID DEATH_SIGNAL USER PROGRAM ARGUMENT...      (USER is `-` or `uid:gid:reach`)

PostgreSQL refuses to run as root, so root hands it to another user. That user often cannot reach the programs or the
data, because a checkout below `/root` lies behind a 0700 folder. Opening those folders to everybody would be worse than
the illness, so with `reach` the process keeps one capability, to pass and read folders (or, in containers that withhold
it, to override permissions), as an ambient one, which survives both the change of user and the exec.
"""

import ctypes
import os
import sys

PR_SET_PDEATHSIG = 1
PR_SET_SECUREBITS = 28
SECBIT_NO_SETUID_FIXUP = 4
PR_CAP_AMBIENT = 47
PR_CAP_AMBIENT_RAISE = 2
CAP_DAC_OVERRIDE = 1
CAP_DAC_READ_SEARCH = 2
CAPABILITY_VERSION_3 = 0x20080522


def main(arguments: list[str]) -> None:
    supervisor, death_signal, user, *command = arguments
    if user != "-":
        uid, gid, reach = user.split(":")
        _become(int(uid), int(gid), reach=reach == "1")
    if sys.platform == "linux":
        # After the change of user, which clears it.
        _prctl(PR_SET_PDEATHSIG, int(death_signal))
        if os.getppid() != int(supervisor):
            sys.exit(1)  # it died before the line above could take effect
    os.execv(command[0], command)  # noqa: S606  no shell is wanted


def _become(uid: int, gid: int, *, reach: bool) -> None:
    reach = reach and sys.platform == "linux"
    if reach:
        # Without it the change of user drops every capability, and access(2), by which PostgreSQL looks for its own
        # programs, goes on as if there were none.
        _prctl(PR_SET_SECUREBITS, SECBIT_NO_SETUID_FIXUP)
    os.setgroups([])
    os.setgid(gid)
    os.setuid(uid)
    # What is permitted must equal what is ambient: else the kernel takes the exec for a set-user-ID one and clears the
    # death signal.
    if reach and not _keep_only(CAP_DAC_READ_SEARCH) and not _keep_only(CAP_DAC_OVERRIDE):
        sys.exit("neither CAP_DAC_READ_SEARCH nor CAP_DAC_OVERRIDE may be kept here")


def _keep_only(capability: int) -> bool:
    header = (ctypes.c_uint32 * 2)(CAPABILITY_VERSION_3, 0)
    mask = 1 << capability
    data = (ctypes.c_uint32 * 6)(
        mask, mask, mask, 0, 0, 0
    )  # effective, permitted, inheritable; the upper halves are empty
    if ctypes.CDLL(None).capset(ctypes.byref(header), ctypes.byref(data)) != 0:
        return False
    _prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, capability)
    return True


def _prctl(option: int, *arguments: int) -> None:
    padded = [ctypes.c_ulong(each) for each in (*arguments, 0, 0, 0, 0)[:4]]
    if ctypes.CDLL(None, use_errno=True).prctl(option, *padded) != 0:
        sys.exit(f"prctl {option} failed: {os.strerror(ctypes.get_errno())}")


if __name__ == "__main__":
    main(sys.argv[1:])
