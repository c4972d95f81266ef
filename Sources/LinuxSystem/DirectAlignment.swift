// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import CLinux
import Glibc
import StoragePrimitives

/// What direct I/O on an open file wants: offsets and lengths in whole blocks, memory at an aligned address.
///
/// Source: man 2 statx, STATX_DIOALIGN; man 2 open, O_DIRECT.
struct DirectAlignment: Equatable {
    /// Bytes that offsets and lengths are multiples of.
    var block: Int
    /// Bytes that addresses of memory are multiples of.
    var memory: Int

    /// Of I/O through the page cache: sectors, from anywhere.
    static let buffered = DirectAlignment(block: Int(Sector.size), memory: 1)

    /// Asks the kernel; where it or the filesystem cannot tell, tries out whether a sector can be read.
    static func of(_ file: borrowing FileDescriptor) -> DirectAlignment {
        var (memory, block): (UInt32, UInt32) = (0, 0)
        // SAFETY: the call fills the two variables, which are its own for as long as it lasts.
        // Zero: the file has no direct I/O, and is used through the page cache by who could open it all the same.
        if unsafe CLinux_directAlignment(file.number, &memory, &block) == 0, block > 0, memory > 0 {
            return DirectAlignment(block: max(Int(block), Int(Sector.size)), memory: Int(memory))
        }
        return tried(file)
    }

    /// Reads one sector to memory that is aligned to a sector, then a block: what is refused is too little.
    ///
    /// A file that is as short as that tells nothing, and has nothing to tell.
    static func tried(_ file: borrowing FileDescriptor) -> DirectAlignment {
        let sector = Int(Sector.size)
        var buffer = AlignedBuffer(count: 2 * AlignedBuffer.alignment)
        func isRefused(_ buffer: inout AlignedBuffer, block: Int, memory: Int) -> Bool {
            buffer.withMutableBytes(memory..<memory + block) { bytes in
                unsafe bytes.withUnsafeMutableBytes { target in
                    // SAFETY: the pointer and the length are those of the range.
                    unsafe pread(file.number, target.baseAddress, target.count, off_t(block)) < 0 && errno == EINVAL
                }
            }
        }
        let whole = AlignedBuffer.alignment
        if !isRefused(&buffer, block: sector, memory: sector) { return DirectAlignment(block: sector, memory: sector) }
        if !isRefused(&buffer, block: sector, memory: 0) { return DirectAlignment(block: sector, memory: whole) }
        return DirectAlignment(block: whole, memory: isRefused(&buffer, block: whole, memory: sector) ? whole : sector)
    }
}
