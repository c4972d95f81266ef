// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import FoundationEssentials
import StoragePrimitives

extension ProgressReport {
    /// One sentence for people.
    public var sentence: String {
        switch self {
        case .connected(let session, let sequence):
            "Connected, session \(session); the master target holds everything up to sequence \(sequence)."
        case .disconnected(let reason): "Not connected: \(reason)"
        case .syncStarted(let disk, let kind, let reason):
            "Sync (\(kind)) of \(disk) begins\(reason.isEmpty ? "" : ": \(reason)")."
        case .syncFinished(let disk, let bytes, let sent, let time):
            "Sync of \(disk) is durable: \(ByteCount(bytes)), \(ByteCount(sent)) sent, in \(Self.seconds(time))."
        case .passFinished(let pass): Self.sentence(pass)
        case .passSkipped(let reason): reason
        case .hookFailed(let reason): reason
        case .progress(let disk, let done, let total):
            "\(disk): \(ByteCount(done)) of \(ByteCount(total))."
        case .throttled(let reason): reason
        case .notice(let text): text
        case .finished(let sequence): "Done: everything up to sequence \(sequence) is on the target disks."
        }
    }

    private static func sentence(_ pass: Pass) -> String {
        var text =
            "Pass \(pass.sequence) is durable (\(pass.accuracy)): \(ByteCount(pass.dataBytes)) of data and "
            + "\(ByteCount(pass.zeroBytes)) of zeroes changed, \(ByteCount(pass.wireBytes)) sent, "
            + "in \(seconds(pass.nanoseconds))."
        if let bookmark = pass.bookmark { text += " Bookmark '\(bookmark)'." }
        if pass.foldedPasses > 0 { text += " \(pass.foldedPasses) passes that were due are folded into it." }
        return text
    }

    private static func seconds(_ nanoseconds: Int64) -> String {
        let tenths = nanoseconds / 100_000_000
        return "\(tenths / 10).\(tenths % 10) s"
    }

    /// One line of JSON for programs, without the newline.
    ///
    /// - Throws: What the encoder throws, which for these types it never does.
    public func json(at time: Timestamp) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys]
        return String(decoding: try encoder.encode(Line(self, time: time)), as: UTF8.self)
    }

    /// The flat form of a report; fields that do not belong to the event are left out.
    private struct Line: Encodable {
        /// Nanoseconds since 1970.
        let time: Timestamp
        var event = ""
        var message: String?
        var disk: String?
        var kind: String?
        var sessionID: UInt64?
        var sequence: UInt64?
        var accuracy: String?
        var bookmark: String?
        var doneBytes: UInt64?
        var totalBytes: UInt64?
        var dataBytes: UInt64?
        var zeroBytes: UInt64?
        var wireBytes: UInt64?
        var nanoseconds: Int64?
        var foldedPasses: Int?

        init(_ report: ProgressReport, time: Timestamp) {
            self.time = time
            switch report {
            case .connected(let session, let last):
                event = "connected"
                sessionID = session
                sequence = last
            case .disconnected(let reason):
                event = "disconnected"
                message = reason
            case .syncStarted(let disk, let kind, let reason):
                event = "syncStarted"
                self.disk = disk
                self.kind = kind
                message = reason
            case .syncFinished(let disk, let bytes, let sent, let nanoseconds):
                event = "syncFinished"
                self.disk = disk
                totalBytes = bytes
                dataBytes = sent
                self.nanoseconds = nanoseconds
            case .passFinished(let pass):
                event = "passFinished"
                sequence = pass.sequence
                accuracy = pass.accuracy
                bookmark = pass.bookmark
                dataBytes = pass.dataBytes
                zeroBytes = pass.zeroBytes
                wireBytes = pass.wireBytes
                nanoseconds = pass.nanoseconds
                foldedPasses = pass.foldedPasses
            case .passSkipped(let reason):
                event = "passSkipped"
                message = reason
            case .hookFailed(let reason):
                event = "hookFailed"
                message = reason
            case .progress(let disk, let done, let total):
                event = "progress"
                self.disk = disk
                doneBytes = done
                totalBytes = total
            case .throttled(let reason):
                event = "throttled"
                message = reason
            case .notice(let text):
                event = "notice"
                message = text
            case .finished(let last):
                event = "finished"
                sequence = last
            }
        }
    }
}
