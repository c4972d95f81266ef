// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import StoragePrimitives

/// How an operator names a recovery point: `latest`, `latest-processed`, `latest-app-consistent`, a bookmark's label,
/// an RFC 3339 time, or a sequence number.
///
/// In this order, so that the three words and all that looks like a time or a number cannot be labels; a new
/// bookmark with such a label is refused (``isPermittedLabel(_:)``).
public enum PointReference: Hashable, Sendable {
    /// The newest durable point.
    case latest
    /// The newest point that is on the disks already, so that recovering needs no drain.
    case latestProcessed
    case latestApplicationConsistent
    case bookmark(String)
    case time(DateTime)
    case sequence(UInt64)

    /// The most characters a label may have.
    public static let maximumLabelLength = 200

    /// - Returns: nil for an empty text, one that is too long, or one with control characters.
    public init?(_ text: String) {
        switch text {
        case "latest": self = .latest
        case "latest-processed": self = .latestProcessed
        case "latest-app-consistent": self = .latestApplicationConsistent
        default:
            if let time = DateTime(text) {
                self = .time(time)
            } else if !text.isEmpty, text.utf8.allSatisfy({ (0x30...0x39).contains($0) }) {
                // A number too large for a sequence is none of the others either.
                guard let sequence = UInt64(text) else { return nil }
                self = .sequence(sequence)
            } else {
                guard Self.isText(text) else { return nil }
                self = .bookmark(text)
            }
        }
    }

    /// Whether a bookmark may have this label: it must come back as a bookmark when it is typed.
    public static func isPermittedLabel(_ label: String) -> Bool {
        if case .bookmark = PointReference(label) { return true }
        return false
    }

    private static func isText(_ text: String) -> Bool {
        !text.isEmpty && text.count <= maximumLabelLength
            && text.unicodeScalars.allSatisfy { $0.value >= 0x20 && $0.value != 0x7F }
    }
}

extension PointReference: CustomStringConvertible {
    /// The reference as it is written on a command line.
    public var description: String {
        switch self {
        case .latest: "latest"
        case .latestProcessed: "latest-processed"
        case .latestApplicationConsistent: "latest-app-consistent"
        case .bookmark(let label): label
        case .time(let time): "\(time)"
        case .sequence(let number): "\(number)"
        }
    }
}

extension PointReference: Codable {
    /// Reads a reference as it is written on a command line.
    ///
    /// - Throws: `DecodingError` for what is none.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        let text = try container.decode(String.self)
        guard let value = PointReference(text) else {
            throw DecodingError.dataCorruptedError(in: container, debugDescription: "not a recovery point: \(text)")
        }
        self = value
    }

    /// Writes a reference as it is written on a command line.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }
}
