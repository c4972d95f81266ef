// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import NBDProtocol

/// What block status told of a part of an export: allocation and dirty bitmap laid over one another.
package struct NBDStretches: Hashable, Sendable {
    private struct Piece: Hashable, Sendable {
        let end: UInt64
        let isZero: Bool
        let isClean: Bool
    }

    private let start: UInt64
    private let pieces: [Piece]

    /// - Parameters:
    ///   - allocation: Extents of `base:allocation` from `start` on; nil when the server has none.
    ///   - dirty: Extents of the dirty bitmap; nil when none was asked for.
    /// - Throws: ``NBDError`` when lengths overflow.
    package init(start: UInt64, allocation: [NBDExtent]?, dirty: [NBDExtent]?) throws(NBDError) {
        self.start = start
        var pieces: [Piece] = []
        let first = try Self.ends(allocation, from: start)
        let second = try Self.ends(dirty, from: start)
        var left = 0
        var right = 0
        // Both lists from the front; the result ends where the shorter one does.
        while left < (first?.count ?? 1), right < (second?.count ?? 1) {
            let zero = first?[left]
            let clean = second?[right]
            guard let end = [zero?.end, clean?.end].compactMap({ $0 }).min() else { break }
            pieces.append(
                Piece(
                    end: end, isZero: zero?.flags.contains(.isZero) ?? false,
                    isClean: clean.map { !$0.flags.contains(.isDirty) } ?? false))
            if zero?.end == end { left += 1 }
            if clean?.end == end { right += 1 }
        }
        self.pieces = pieces
    }

    private static func ends(
        _ extents: [NBDExtent]?, from start: UInt64
    ) throws(NBDError) -> [(end: UInt64, flags: NBDExtentFlags)]? {
        guard let extents else { return nil }
        var end = start
        var result: [(end: UInt64, flags: NBDExtentFlags)] = []
        for extent in extents {
            let (sum, overflow) = end.addingReportingOverflow(UInt64(extent.length))
            guard !overflow else { throw NBDError(.protocolViolation, "block status past what 64 bits hold") }
            end = sum
            result.append((end, extent.flags))
        }
        return result
    }

    /// What is at the start of `range`; nil when that was not told.
    package func stretch(in range: Range<UInt64>, changesOnly: Bool) -> SourceStretch? {
        guard range.lowerBound >= start,
            let first = pieces.firstIndex(where: { $0.end > range.lowerBound })
        else { return nil }
        let content = Self.content(pieces[first], changesOnly)
        var end = pieces[first].end
        for piece in pieces[(first + 1)...] {
            guard Self.content(piece, changesOnly) == content else { break }
            end = piece.end
        }
        return SourceStretch(end: min(end, range.upperBound), content: content)
    }

    private static func content(_ piece: Piece, _ changesOnly: Bool) -> SourceStretch.Content {
        if changesOnly, piece.isClean { return .unchanged }
        return piece.isZero ? .zeroes : .data
    }
}
