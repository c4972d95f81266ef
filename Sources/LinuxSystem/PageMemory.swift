// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import Glibc

/// Whole pages from the kernel, zeroed, which go back to it as soon as they are freed.
///
/// Buffers of a megabyte leave holes in the heap that nothing else fits: with many groups at work those were a third of
/// the process. Source: man 2 mmap.
public enum PageMemory {
    /// - Parameter byteCount: Bytes, 1 or more. Pages that are never touched cost nothing.
    /// - Precondition: The kernel gives memory, as with every other allocation.
    public static func allocate(_ byteCount: Int) -> UnsafeMutableRawPointer {
        let pages = unsafe mmap(nil, byteCount, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
        guard let pages = unsafe pages, unsafe pages != MAP_FAILED else {
            preconditionFailure("the kernel has no \(byteCount) bytes of memory left")
        }
        return unsafe pages
    }

    /// Frees what ``allocate(_:)`` gave for as many bytes.
    public static func free(_ pages: UnsafeMutableRawPointer, _ byteCount: Int) { _ = unsafe munmap(pages, byteCount) }
}
