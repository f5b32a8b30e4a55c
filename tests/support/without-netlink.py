# Becomes the program of its words, in which no socket of AF_NETLINK can be had, as with RestrictAddressFamilies= of systemd.

import ctypes
import os
import platform
import struct
import sys

AF_NETLINK = 16
EAFNOSUPPORT = 97
PR_SET_NO_NEW_PRIVS = 38
PR_SET_SECCOMP = 22
SECCOMP_MODE_FILTER = 2
LOAD, JUMP_IF_EQUAL, RETURN = 0x20, 0x15, 0x06
ALLOW, FAIL = 0x7FFF0000, 0x00050000
# Of struct seccomp_data: the number of the call, and its first argument.
NUMBER, ARGUMENT = 0, 16
SOCKET = {"x86_64": 41, "aarch64": 198}[platform.machine()]

FILTER = [
    (LOAD, 0, 0, NUMBER),
    (JUMP_IF_EQUAL, 0, 3, SOCKET),
    (LOAD, 0, 0, ARGUMENT),
    (JUMP_IF_EQUAL, 0, 1, AF_NETLINK),
    (RETURN, 0, 0, FAIL | EAFNOSUPPORT),
    (RETURN, 0, 0, ALLOW),
]


class Program(ctypes.Structure):
    _fields_ = [("length", ctypes.c_ushort), ("filter", ctypes.c_void_p)]


steps = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *step) for step in FILTER))
program = Program(len(FILTER), ctypes.cast(steps, ctypes.c_void_p))
library = ctypes.CDLL(None, use_errno=True)
if library.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0:
    sys.exit("no_new_privs: " + os.strerror(ctypes.get_errno()))
if library.prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, ctypes.byref(program)) != 0:
    sys.exit("seccomp: " + os.strerror(ctypes.get_errno()))
os.execvp(sys.argv[1], sys.argv[1:])
