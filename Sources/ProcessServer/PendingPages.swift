// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import StoragePrimitives

/// The digest pages that a pass changed, gathered in a file of their own until the receiver confirms the pass.
///
/// Nothing but pages, one after the other: each says whose it is. Used by one thread.
package final class PendingPages {
    private static let pagesPerWrite = 64

    private let file: any StoreFile
    private var buffer = AlignedBuffer(count: pagesPerWrite * DigestPage.byteCount)
    private var gathered = 0
    private var written: UInt64 = 0

    /// Pages so far.
    package private(set) var count: UInt64 = 0

    init(file: any StoreFile) { self.file = file }

    package func append(_ page: RawSpan) throws(ProcessServerError) {
        let start = gathered * DigestPage.byteCount
        buffer.withMutableBytes(start..<start + DigestPage.byteCount) { $0.replace(at: 0, with: page) }
        gathered += 1
        count += 1
        if gathered == Self.pagesPerWrite { try write() }
    }

    /// Writes what is left and makes all of it durable.
    package func finish() throws(ProcessServerError) {
        try write()
        do {
            try file.sync()
        } catch {
            throw .state(error)
        }
    }

    private func write() throws(ProcessServerError) {
        guard gathered > 0 else { return }
        let bytes = gathered * DigestPage.byteCount
        do {
            let (file, written) = (file, written)
            try buffer.withBytes(0..<bytes) { (span) throws(DeviceError) in
                try file.write(span, at: ByteOffset(written))
            }
        } catch {
            throw .state(error)
        }
        written += UInt64(bytes)
        gathered = 0
    }
}
