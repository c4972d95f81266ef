// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

/// A device or file operation that failed, with what is needed to say so in one sentence.
public struct DeviceError: Error, Hashable, Sendable {
    /// What failed, as far as callers act on it.
    public enum Code: String, Hashable, Sendable {
        case inputOutput  // EIO and what else a device answers
        case noSpace  // ENOSPC, EDQUOT
        case readOnly  // EROFS, EPERM on a read-only device
        case busy  // EBUSY on exclusive open
        case notFound  // ENOENT, ENXIO, ENODEV
        case permissionDenied  // EACCES, EPERM
        case shortTransfer  // fewer bytes than asked
        case outOfRange  // past the end, or misaligned
        case notADisk  // neither block device nor regular file
        case tooSmall  // smaller than what is bound to it
        case exists  // EEXIST
    }

    /// What failed.
    public let code: Code
    /// The call that failed: `pread`, `fdatasync`, `open`.
    public let operation: String
    /// What it was made on: a path or an identity.
    public let object: String
    /// Bytes from the start, where the operation had a place.
    public let offset: ByteOffset?
    /// The system's error number, 0 where there was none.
    public let errorNumber: Int32
    /// The system's words for it.
    public let detail: String

    /// A failed operation, with what is known of it.
    public init(
        _ code: Code, operation: String, object: String, offset: ByteOffset? = nil, errorNumber: Int32 = 0,
        detail: String = ""
    ) {
        self.code = code
        self.operation = operation
        self.object = object
        self.offset = offset
        self.errorNumber = errorNumber
        self.detail = detail
    }
}

extension DeviceError: CustomStringConvertible {
    /// One sentence: `pread sda @ 4096: Input/output error`.
    public var description: String {
        let place = offset.map { " @ \($0)" } ?? ""
        let reason = detail.isEmpty ? code.rawValue : detail
        return "\(operation) \(object)\(place): \(reason)"
    }
}
