// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import LinuxSystem
import NBDProtocol
import NIOCore
import StoragePrimitives
import Synchronization

/// An export of an NBD server as a source: qemu's, `qemu-nbd`'s, nbdkit's.
///
/// Holes are skipped by `base:allocation`. With a dirty bitmap, a pass that may believe it reads only what the bitmap
/// calls dirty; digests still decide what is sent, so a bitmap that says too much costs reading and nothing else.
public final class NBDSource: SourceDisk {
    /// Bytes that one block status request covers.
    private static let statusBytes: UInt64 = 1 << 30

    private struct Opened {
        let connection: NBDConnection
        var stretches: NBDStretches?
    }

    /// One: a connection answers one question after the other.
    public var readsAtOnce: Int { 1 }

    /// The identity under which the disk is bound to its group.
    public let id: String
    /// The address as it was written.
    public var name: String { address.description }
    /// Whether a dirty bitmap was named.
    public var tellsChanges: Bool { address.bitmap != nil }

    private let address: NBDAddress
    private let group: any EventLoopGroup
    /// Held while a call waits for the server: that is what keeps the connection to one thread at a time. Only the
    /// reader ahead and the worker ever meet here.
    private let opened = Mutex<Opened?>(nil)

    /// A source that is not connected yet.
    public init(id: String, address: NBDAddress, group: any EventLoopGroup) {
        self.id = id
        self.address = address
        self.group = group
    }

    private var bitmapContext: String? { address.bitmap.map { "qemu:dirty-bitmap:\($0)" } }

    /// Connects and agrees on the export and its contexts.
    ///
    /// - Throws: ``ProcessServerError`` when the server cannot be reached, lacks the export or the bitmap, or breaks
    ///   the protocol.
    public func open() throws(ProcessServerError) -> SourceGeometry {
        let (address, group, context) = (address, group, bitmapContext)
        let export: NBDExport
        do throws(NBDError) {
            export = try opened.withLock { (opened) throws(NBDError) in
                let connection = try NBDConnection(
                    address: address, contexts: ["base:allocation"], required: context.map { [$0] } ?? [], group: group)
                opened = Opened(connection: connection, stretches: nil)
                return connection.export
            }
        } catch {
            throw failed(error)
        }
        let block = export.minimumBlockSize >= 4096 ? 4096 : Int(Sector.size)
        guard export.size > 0, export.size % UInt64(block) == 0, export.minimumBlockSize <= 65536 else {
            throw ProcessServerError(
                .sourceFailed, "\(name) has \(export.size) bytes, which is no whole number of blocks of \(block).")
        }
        return SourceGeometry(size: ByteCount(export.size), logicalBlockSize: block)
    }

    /// Drops the connection; does nothing where there is none.
    public func close() { opened.withLock { $0 = nil } }

    /// Fills all of `buffer` from `offset` on.
    @_lifetime(buffer: copy buffer)
    public func read(into buffer: inout MutableRawSpan, at offset: ByteOffset) throws(ProcessServerError) {
        try opened.withLock { (opened) throws(ProcessServerError) in
            guard let connection = opened?.connection else { throw notOpen }
            do throws(NBDError) {
                try connection.read(into: &buffer, at: offset.rawValue)
            } catch {
                throw failed(error)
            }
        }
    }

    /// What is at the start of `range`, by `base:allocation`, and with `changesOnly` by the bitmap.
    public func stretch(in range: Range<UInt64>, changesOnly: Bool) throws(ProcessServerError) -> SourceStretch {
        try opened.withLock { (opened) throws(ProcessServerError) in
            guard let connection = opened?.connection else { throw notOpen }
            let export = connection.export
            guard !export.contexts.isEmpty else { return SourceStretch(end: range.upperBound, content: .data) }
            if let known = opened?.stretches?.stretch(in: range, changesOnly: changesOnly) { return known }
            let length = UInt32(min(Self.statusBytes, range.upperBound - range.lowerBound))
            do throws(NBDError) {
                let answers = try connection.status(offset: range.lowerBound, length: length)
                let found = try NBDStretches(
                    start: range.lowerBound, allocation: export.contexts["base:allocation"].flatMap { answers[$0] },
                    dirty: bitmapContext.flatMap { export.contexts[$0] }.flatMap { answers[$0] })
                opened?.stretches = found
                return found.stretch(in: range, changesOnly: changesOnly)
                    ?? SourceStretch(end: range.lowerBound + UInt64(length), content: .data)
            } catch {
                throw failed(error)
            }
        }
    }

    private var notOpen: ProcessServerError {
        ProcessServerError(.sourceFailed, "\(name) is read while it is not open.")
    }

    private func failed(_ error: NBDError) -> ProcessServerError {
        ProcessServerError(.sourceFailed, "\(name): \(error.message).")
    }
}
