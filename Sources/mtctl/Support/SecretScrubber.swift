// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

/// Takes secrets out of text that leaves the machine: of configuration, of journals, of answers, whatever it is.
///
/// What it takes out, in this order:
///
/// 1. private keys in PEM, also those that are cut at either end or written into one line of JSON;
/// 2. secrets of this machine that are known by their value, wherever they stand;
/// 3. what stands behind a name that says so: `password: …`, `"token": "…"`, `PGPASSWORD=…`, `--passphrase …`,
///    `Authorization: …`, with the lines that go with it; passwords in addresses; what has the form of this product's
///    passphrases and sign-in codes.
///
/// It takes too much rather than too little: a name without quotes loses the rest of its line. Certificates stay, they are
/// public; so do names of files that hold secrets, and numbers such as a fencing token, which are none.
package struct SecretScrubber: Sendable {
    /// What is written in the place of a secret.
    package static let mark = "[removed]"

    /// Text without secrets.
    package struct Outcome: Hashable, Sendable {
        package var text: [UInt8]
        /// Places where something was taken out.
        package var removed: Int
    }

    /// Shorter ones would be found everywhere.
    private static let leastNeedleBytes = 8
    /// A private key that has lost its end, or its beginning, takes no more with it than this: the largest has 13 KiB.
    private static let longestKeyBytes = 16 << 10

    private let needles: [[UInt8]]

    /// - Parameter secrets: Values that are known to be secret; those of fewer than eight bytes are not looked for.
    package init(secrets: some Sequence<String> = []) {
        needles = Set(secrets).map { Array($0.utf8) }.filter { $0.count >= Self.leastNeedleBytes }
            // The longest first: one may be a part of another.
            .sorted { $0.count > $1.count }
    }

    /// Takes secrets out.
    package func scrub(_ text: [UInt8]) -> Outcome {
        var outcome = Outcome(text: text, removed: 0)
        outcome.remove(Self.privateKeys(in: outcome.text))
        for needle in needles { outcome.remove(outcome.text.ranges(equal: needle)) }
        outcome.remove(SecretNames(outcome.text).found)
        return outcome
    }

    /// The lines of a key that would give it away one by one; of other text nothing.
    package static func lines(ofKey pem: String) -> [String] {
        pem.split(whereSeparator: \.isNewline).map(String.init).filter { !$0.hasPrefix("-----") && $0.count >= 16 }
    }

    // MARK: PEM

    /// Source: RFC 7468, section 2: `-----BEGIN label-----`.
    private static func privateKeys(in text: [UInt8]) -> [Range<Int>] {
        var found: [Range<Int>] = []
        var begin: Int?
        for (start, end, isBegin) in boundaries(in: text) {
            if isBegin {
                // The end of the one before is missing.
                if let open = begin { found.append(open..<min(start, open + longestKeyBytes)) }
                begin = start
            } else {
                // The beginning is missing: what is before it is the key's, as far back as one can reach.
                let first = begin ?? max(found.last?.upperBound ?? 0, start - longestKeyBytes)
                found.append(first..<end)
                begin = nil
            }
        }
        if let open = begin { found.append(open..<min(text.count, open + longestKeyBytes)) }
        return found
    }

    /// The boundaries of private keys: from the first dash behind the last one.
    private static func boundaries(in text: [UInt8]) -> [(start: Int, end: Int, isBegin: Bool)] {
        let dashes = Array("-----".utf8)
        return
            (text.ranges(equal: Array("-----BEGIN ".utf8)).map { ($0, true) }
            + text.ranges(equal: Array("-----END ".utf8)).map { ($0, false) })
            .compactMap { prefix, isBegin in
                let label = text[prefix.upperBound...].prefix(64).prefix { $0 != UInt8(ascii: "-") && $0 >= 0x20 }
                guard !Array(label).ranges(equal: Array("PRIVATE KEY".utf8)).isEmpty else { return nil }
                let isClosed = text[label.endIndex...].starts(with: dashes)
                return (prefix.lowerBound, isClosed ? label.endIndex + dashes.count : label.endIndex, isBegin)
            }
            .sorted { $0.start < $1.start }
    }
}

extension SecretScrubber.Outcome {
    /// Puts the mark in the place of ranges, which ascend and do not overlap.
    fileprivate mutating func remove(_ ranges: [Range<Int>]) {
        let mark = Array(SecretScrubber.mark.utf8)
        guard !ranges.isEmpty else { return }
        var kept: [UInt8] = []
        kept.reserveCapacity(text.count)
        var position = 0
        for range in ranges where range.lowerBound >= position {
            kept += text[position..<range.lowerBound]
            // What was taken out before is no secret any more.
            if !text[range].elementsEqual(mark) { removed += 1 }
            kept += mark
            position = range.upperBound
        }
        kept += text[position...]
        text = kept
    }
}

extension [UInt8] {
    /// Where a sequence of bytes stands, without overlaps.
    fileprivate func ranges(equal needle: [UInt8]) -> [Range<Int>] {
        guard let first = needle.first else { return [] }
        var found: [Range<Int>] = []
        var position = 0
        while let start = self[position...].firstIndex(of: first) {
            if self[start...].starts(with: needle) {
                found.append(start..<start + needle.count)
                position = start + needle.count
            } else {
                position = start + 1
            }
        }
        return found
    }
}
