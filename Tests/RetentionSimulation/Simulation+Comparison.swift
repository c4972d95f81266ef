// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import RetentionFormat
import RetentionStore
import StoragePrimitives

// The eight promises, as far as one run can see them.
extension Simulation {
    private func contents(of view: PointInTimeView) throws -> HistoryModel.Disks {
        var result: HistoryModel.Disks = []
        for index in 0..<Self.diskCount {
            guard let disk = view.disk(DiskNumber(UInt16(index))) else { throw fail("a view without disk \(index)") }
            var buffer = AlignedBuffer(count: Self.diskSectors * 512)
            // In two reads, so that ranges begin and end within what history has.
            let middle = Int.random(in: 0..<Self.diskSectors, using: &random) * 512
            do {
                var span = buffer.mutableBytes
                if middle > 0 {
                    var first = span._mutatingExtracting(0..<middle)
                    try disk.read(into: &first, at: .zero)
                }
                var second = span._mutatingExtracting(middle..<Self.diskSectors * 512)
                try disk.read(into: &second, at: ByteOffset(UInt64(middle)))
            }
            var bytes: [UInt8] = []
            buffer.withBytes(0..<Self.diskSectors * 512) { span in
                unsafe span.withUnsafeBytes { unsafe bytes.append(contentsOf: $0) }
            }
            result.append(bytes)
        }
        return result
    }

    func compare(_ view: PointInTimeView, at point: SequenceNumber) throws {
        let found: HistoryModel.Disks
        do {
            found = try contents(of: view)
        } catch let error as DeviceError {
            // An injected fault: the read failed and said so.
            guard error.detail == "injected failure" || error.detail == "the power is off" || error.detail == "injected"
            else {
                throw fail("point \(point) cannot be read: \(error)")
            }
            throw RetentionError(.retentionFailed, "\(error)")
        }
        let expected = model.steps[Int(point.rawValue)].disks
        comparisons += 1
        for index in 0..<Self.diskCount where found[index] != expected[index] {
            let sector =
                zip(found[index], expected[index]).enumerated().first { $1.0 != $1.1 }.map { $0.offset / 512 } ?? -1
            let content = Array(found[index][sector * 512..<(sector + 1) * 512])
            let origins = model.steps.indices.filter {
                Array(model.steps[$0].disks[index][sector * 512..<(sector + 1) * 512]) == content
            }
            throw fail("point \(point) is wrong on disk \(index) from sector \(sector) on; that is of \(origins)")
        }
    }

    func openView() throws {
        let applied = group.status.applied
        let point = SequenceNumber(UInt64.random(in: 0...applied.rawValue, using: &random))
        let view = try group.view(at: point)
        guard model.steps[Int(point.rawValue)].isPoint else {
            throw fail("point \(point) is offered, but lies inside a sync")
        }
        try compare(view, at: point)
        if views.count < 3 { views.append((view, point)) }
    }

    func compareViews() throws {
        for (view, point) in views { try compare(view, at: point) }
        if !views.isEmpty, random.oneIn(3) { views.removeFirst() }
    }

    /// Whether nothing gives the store leave to let a point go: nothing is short, and it is younger than the window.
    private func mustBeOffered(_ point: SequenceNumber) -> Bool {
        guard settings.quota == nil, model.steps[Int(point.rawValue)].isPoint else { return false }
        let age = sourceClock.now().nanoseconds(since: model.steps[Int(point.rawValue)].time)
        return age / 1_000_000_000 < settings.windowSeconds
    }

    /// Every retained point, and the disks themselves where everything is applied.
    func compareEverything() throws {
        let status = group.status
        var offered = 0
        for number in 0...status.durable.rawValue {
            let point = SequenceNumber(number)
            do {
                try group.checkPoint(point)
            } catch {
                if mustBeOffered(point) { throw fail("point \(point) is kept and not offered: \(error)") }
                continue
            }
            guard model.steps[Int(number)].isPoint else {
                throw fail("point \(point) is offered, but lies inside a sync")
            }
            offered += 1
            guard point <= status.applied else { continue }
            do {
                try compare(try group.view(at: point), at: point)
            } catch let error as RetentionError where error.code == .retentionFull {
                // A view's own index found no room: refused, and there is nothing to compare.
                continue
            } catch let error as RetentionError {
                guard power.operations >= 0, error.code == .retentionFailed || error.code == .targetFailed else {
                    throw fail("point \(point) is offered but cannot be opened: \(error.code) \(error)")
                }
                throw error
            }
        }
        if model.latest.isPoint, status.durable == model.last, offered == 0 { throw fail("no point is offered at all") }
        try compareDisks(status)
    }

    /// Promise 4: the latest point is on the disks.
    private func compareDisks(_ status: RetentionStatus) throws {
        guard status.applied == model.last, model.latest.isPoint, status.pendingOperations == 0,
            status.queuedItems == 0,
            openBatch == nil
        else {
            return
        }
        for (index, disk) in disks.enumerated() where disk.contents != model.latest.disks[index] {
            throw fail("disk \(index) does not show the latest point, \(status.applied)")
        }
        do {
            try group.checkPoint(status.applied)
        } catch {
            throw fail("the latest point, \(status.applied), is not offered: \(error)")
        }
    }
}
