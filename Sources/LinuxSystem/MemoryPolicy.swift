// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import CLinux

/// How a process keeps memory that it has freed.
public enum MemoryPolicy {
    /// Buffers above 2 MiB get pages of their own, which go back to the system when the buffer is freed; smaller ones are
    /// kept for the next of their size, in few arenas. Without the first a daemon with many groups grows to many times what
    /// it uses; without the second every read from a socket pays for fresh pages, which costs more than its decryption.
    ///
    /// Called once, at the start of a program. Source: man 3 mallopt.
    public static func keepSmallBuffers() {
        // Nothing depends on it: where the allocator refuses, memory is kept longer.
        _ = CLinux_setMapThreshold(2 << 20)
        _ = CLinux_setTrimThreshold(8 << 20)
        _ = CLinux_setArenas(4)
    }
}
