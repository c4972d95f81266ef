// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import LinuxSystem
import StoragePrimitives
import Synchronization

/// Reads one disk from front to back on threads of its own, a few chunks ahead of who takes them.
///
/// One thread asks what there is, and hands what has to be read to as many readers as the source takes: one read at a time
/// leaves most of a disk idle, and gets little of one that others use too. Chunks come in the order of the disk. At most
/// ``depth`` chunks of a mebibyte are in memory. Chunks begin and end on ``ScanBlock`` borders.
package final class ChunkReader: Sendable {
    /// Long enough to stream from any disk, short enough to overlap with sending.
    package static let chunkBytes: UInt64 = 1 << 20
    package static let depth = 8

    /// A piece of the disk, in order.
    package struct Chunk {
        package enum Content {
            case data(Cell)
            case zeroes
            case unchanged
        }
        package let range: Range<UInt64>
        package let content: Content
    }

    /// A buffer on its way between the threads; one of them has it at any time.
    package final class Cell: Sendable {
        private let buffer: Mutex<AlignedBuffer?>

        init(_ buffer: consuming sending AlignedBuffer) { self.buffer = Mutex(buffer) }

        package func take() -> AlignedBuffer? { buffer.withLock { $0.take() } }

        package func put(_ buffer: consuming sending AlignedBuffer) {
            var moved: AlignedBuffer? = consume buffer
            self.buffer.withLock { $0 = moved.take() }
        }
    }

    /// A chunk in its place, also while it is being read.
    private final class Place: Sendable {
        private enum State {
            case reading
            case ready
            case failed(ProcessServerError)
        }

        let chunk: Chunk
        private let state: Mutex<State>

        init(_ chunk: Chunk, isReady: Bool) {
            self.chunk = chunk
            state = Mutex(isReady ? .ready : .reading)
        }

        func finish(_ failure: ProcessServerError?) { state.withLock { $0 = failure.map { .failed($0) } ?? .ready } }

        /// Whether it can be taken.
        func isReady() throws(ProcessServerError) -> Bool {
            switch state.withLock({ $0 }) {
            case .reading: return false
            case .ready: return true
            case .failed(let failure): throw failure
            }
        }
    }

    private struct State {
        var places: [Place] = []
        var free: [Cell] = []
        var made = 0
        var failure: ProcessServerError?
        var isFinished = false
        var isCancelled = false
    }

    private let source: any SourceDisk
    private let size: UInt64
    private let changesOnly: Bool
    private let signal: WorkerSignal
    private let state = Mutex(State())
    private let room = Doorbell()
    private let thread: DiskThread
    private let readers: [DiskThread]

    package init(source: any SourceDisk, size: ByteCount, changesOnly: Bool, signal: WorkerSignal) {
        self.source = source
        self.size = size.rawValue
        self.changesOnly = changesOnly
        self.signal = signal
        thread = DiskThread(name: "scan")
        readers = (0..<max(1, source.readsAtOnce)).map { _ in DiskThread(name: "read") }
        thread.run { [self] in readAll() }
    }

    /// The next chunk if it is there; nil with `isFinished` at the end.
    ///
    /// - Throws: What reading the source threw.
    func poll() throws(ProcessServerError) -> (chunk: Chunk?, isFinished: Bool) {
        let (place, failure, isFinished) = state.withLock { ($0.places.first, $0.failure, $0.isFinished) }
        guard let place else {
            if let failure { throw failure }
            return (nil, isFinished)
        }
        guard try place.isReady() else { return (nil, false) }
        // Nobody else takes any.
        state.withLock { _ = $0.places.removeFirst() }
        room.ring()
        return (place.chunk, false)
    }

    /// Waits for the next chunk; nil at the end.
    package func next() throws(ProcessServerError) -> Chunk? {
        while true {
            let (chunk, isFinished) = try poll()
            if let chunk { return chunk }
            if isFinished { return nil }
            try signal.wait()
        }
    }

    /// Gives a chunk's memory back.
    package func recycle(_ cell: Cell) {
        state.withLock { $0.free.append(cell) }
        room.ring()
    }

    /// Ends the threads and waits for them. Has to be called once, whatever happened.
    package func finish() {
        state.withLock { $0.isCancelled = true }
        room.ring()
        thread.finish()
        for reader in readers { reader.finish() }
    }

    private var isCancelled: Bool { state.withLock { $0.isCancelled } }

    private enum Room {
        case cell(Cell)
        case make
        case wait
        case cancelled
    }

    private func takeCell() -> Cell? {
        while true {
            let answer = state.withLock { state -> Room in
                if state.isCancelled { return .cancelled }
                if let cell = state.free.popLast() { return .cell(cell) }
                guard state.made < Self.depth else { return .wait }
                state.made += 1
                return .make
            }
            switch answer {
            case .cell(let cell): return cell
            case .make: return Cell(AlignedBuffer(count: Int(Self.chunkBytes)))
            case .wait: room.wait()
            case .cancelled: return nil
            }
        }
    }

    /// Whether reading goes on. Chunks without memory are bounded as well, at a number that costs nothing.
    private func offer(_ place: Place) -> Bool {
        while true {
            let answer = state.withLock { state -> Room in
                if state.isCancelled { return .cancelled }
                guard state.places.count < 64 else { return .wait }
                state.places.append(place)
                return .make
            }
            switch answer {
            case .make, .cell:
                signal.ring()
                return true
            case .wait: room.wait()
            case .cancelled: return false
            }
        }
    }

    private func readAll() {
        var failure: ProcessServerError?
        do {
            try readStretches()
        } catch {
            failure = error
        }
        state.withLock { state in
            state.failure = failure
            state.isFinished = true
        }
        signal.ring()
    }

    private func readStretches() throws(ProcessServerError) {
        var offset: UInt64 = 0
        while offset < size {
            let found = try source.stretch(in: offset..<size, changesOnly: changesOnly)
            guard found.end > offset else {
                throw ProcessServerError(.sourceFailed, "\(source.name) describes an empty stretch at \(offset).")
            }
            let stretch = ScanBlock.aligned(found, from: offset, size: size)
            switch stretch.content {
            case .zeroes:
                let chunk = Chunk(range: offset..<stretch.end, content: .zeroes)
                guard offer(Place(chunk, isReady: true)) else { return }
                offset = stretch.end
            case .unchanged:
                let chunk = Chunk(range: offset..<stretch.end, content: .unchanged)
                guard offer(Place(chunk, isReady: true)) else { return }
                offset = stretch.end
            case .data:
                while offset < stretch.end {
                    let end = min(stretch.end, offset + Self.chunkBytes)
                    guard let cell = takeCell() else { return }
                    let place = Place(Chunk(range: offset..<end, content: .data(cell)), isReady: false)
                    guard offer(place) else { return }
                    readers[Int(offset / Self.chunkBytes) % readers.count].run { [self] in read(place, into: cell) }
                    offset = end
                }
            }
        }
    }

    /// On a reader's thread.
    private func read(_ place: Place, into cell: Cell) {
        // Whoever gave up waits for the readers, and needs nothing any more.
        guard !isCancelled, var buffer = cell.take() else { return }
        var failure: ProcessServerError?
        do throws(ProcessServerError) {
            var whole = buffer.mutableBytes
            var span = whole._mutatingExtracting(0..<place.chunk.range.count)
            try source.read(into: &span, at: ByteOffset(place.chunk.range.lowerBound))
        } catch {
            failure = error
        }
        cell.put(buffer)
        place.finish(failure)
        signal.ring()
    }
}
