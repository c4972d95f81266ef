// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import NBDProtocol
import StoragePrimitives
import Synchronization

/// Where a device differs from another point, as far as a connection knows.
enum ComparisonState: Sendable {
    /// It is being looked for; these wait for it.
    case looking([NBDRequest])
    case known(ChangedRanges)
}

extension DeviceWork {
    /// The most stretches in one answer: 8 KiB of it.
    private static let maximumExtents = 1024

    /// Answers with the states of a range in all contexts.
    func status(_ request: NBDRequest) {
        guard !isOver else { return }
        do throws(DeviceError) {
            let range = request.offset..<request.end
            let limit = request.flags.contains(.requestOne) ? 1 : Self.maximumExtents
            var answers: [[NBDExtent]] = []
            for context in contexts {
                if context.name == DeviceExport.allocation {
                    answers.append(try allocation(range, limit: limit))
                } else {
                    guard let map = try changes(context.name, for: request) else { return }
                    answers.append(Self.changed(range, map, limit: limit))
                }
            }
            for (index, extents) in answers.enumerated() {
                replies.status(
                    request.cookie, context: contexts[index].number, extents: extents,
                    isLast: index == contexts.count - 1)
            }
        } catch {
            fail(request, error)
        }
    }

    private func allocation(_ range: Range<UInt64>, limit: Int) throws(DeviceError) -> [NBDExtent] {
        var extents: [NBDExtent] = []
        var position = range.lowerBound
        while position < range.upperBound, extents.count < limit {
            let data = try device.firstDataRange(in: position..<range.upperBound)
            let start = data?.lowerBound ?? range.upperBound
            if start > position { Self.add(start - position, [.isHole, .isZero], to: &extents) }
            guard let data, extents.count < limit else { break }
            Self.add(data.upperBound - start, [], to: &extents)
            position = data.upperBound
        }
        return extents
    }

    /// Neighbours of one state are one stretch, as the protocol would like it.
    private static func add(_ length: UInt64, _ flags: NBDExtentFlags, to extents: inout [NBDExtent]) {
        // Within a request, whose length has 32 bits.
        var length = UInt32(length)
        if let last = extents.last, last.flags == flags { length += extents.removeLast().length }
        extents.append(NBDExtent(length: length, flags: flags))
    }

    private static func changed(_ range: Range<UInt64>, _ map: ChangedRanges, limit: Int) -> [NBDExtent] {
        var extents: [NBDExtent] = []
        var position = range.lowerBound
        while position < range.upperBound, extents.count < limit {
            let (isChanged, end) = map.stretch(at: position, limit: range.upperBound)
            extents.append(NBDExtent(length: UInt32(end - position), flags: isChanged ? .isDirty : []))
            position = end
        }
        return extents
    }

    /// Found when it is first asked for, once for a connection. Nil: somebody looks for it, and will answer the request.
    private func changes(_ name: String, for request: NBDRequest) throws(DeviceError) -> ChangedRanges? {
        enum Task {
            case look, wait
            case use(ChangedRanges)
        }
        let task = comparisons.withLock { states -> Task in
            switch states[name] {
            case .known(let map): return .use(map)
            case .looking(let waiting):
                states[name] = .looking(waiting + [request])
                return .wait
            case nil:
                states[name] = .looking([])
                return .look
            }
        }
        switch task {
        case .use(let map): return map
        case .wait: return nil
        case .look: return try look(for: name)
        }
    }

    private func look(for name: String) throws(DeviceError) -> ChangedRanges {
        func settle(_ state: ComparisonState?) -> [NBDRequest] {
            comparisons.withLock { states in
                let before = states[name]
                states[name] = state
                guard case .looking(let waiting) = before else { return [] }
                return waiting
            }
        }
        do {
            guard let map = try comparison?(name) else {
                throw DeviceError(
                    .notFound, operation: "compare", object: device.name, detail: "there is no such context")
            }
            guard map.size >= device.size.rawValue else {
                throw DeviceError(
                    .tooSmall, operation: "compare", object: device.name, detail: "the comparison is of a smaller disk")
            }
            for request in settle(.known(map)) { workers.run { self.status(request) } }
            return map
        } catch {
            let failure = DeviceError(.inputOutput, operation: "compare", object: device.name, detail: "\(error)")
            for request in settle(nil) { fail(request, failure) }
            throw failure
        }
    }
}
