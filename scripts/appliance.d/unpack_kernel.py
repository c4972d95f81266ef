# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The Master Target authors
"""Takes the ELF image out of a compressed x86 kernel: unpack_kernel.py VMLINUZ VMLINUX.

Source: Documentation/arch/x86/boot.rst of the Linux kernel, "The Real-Mode Kernel Header": setup_sects at 0x1f1,
payload_offset at 0x248 and payload_length at 0x24c (protocol 2.08), counted from the end of the setup sectors.
"""

import lzma
import struct
import sys


def unpack(image):
    setup_sectors = image[0x1F1] or 4
    offset, length = struct.unpack_from("<II", image, 0x248)
    start = (setup_sectors + 1) * 512 + offset
    payload = image[start : start + length]
    if not payload.startswith(b"\xfd7zXZ\0"):
        raise SystemExit(f"unpack_kernel: the kernel is not compressed with XZ, but begins with {payload[:6].hex()}.")
    # Behind the compressed data stands its size, so the decompressor must not be told that all of it is XZ.
    kernel = lzma.LZMADecompressor(format=lzma.FORMAT_XZ).decompress(payload)
    if not kernel.startswith(b"\x7fELF"):
        raise SystemExit("unpack_kernel: what came out is no ELF image.")
    return kernel


if __name__ == "__main__":
    with open(sys.argv[1], "rb") as file:
        kernel = unpack(file.read())
    with open(sys.argv[2], "wb") as file:
        file.write(kernel)
