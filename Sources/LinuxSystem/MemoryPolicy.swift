// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import CLinux

/// How a process keeps memory that it has freed.
public enum MemoryPolicy {
    /// Large buffers get pages of their own, which go back to the system when the buffer is freed. Without it the allocator
    /// learns to keep them, in an arena for each thread: a daemon with many groups grows to many times what it uses.
    ///
    /// Called once, at the start of a program. Source: man 3 mallopt, M_MMAP_THRESHOLD.
    public static func returnLargeBuffers() {
        // Nothing depends on it: where the allocator refuses, memory is kept longer.
        _ = CLinux_setMapThreshold(128 << 10)
    }
}
