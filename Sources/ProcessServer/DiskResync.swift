// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import ReplicationProtocol
import StoragePrimitives

/// Compares one disk with its target by digest and sends what differs.
///
/// Digests go out as the disk is read, up to 16 frames ahead of their answers; what an answer calls different is read
/// again and sent. Its digest is taken from that second reading, so that what is remembered is what was sent.
struct DiskResync {
    /// Digests of one frame: 64 MiB of disk. Sixteen of them are a gibibyte that both ends read at the same time.
    private static let digestsPerQuestion = 1024

    let disk: SessionDisk
    let seed: UInt64
    let link: ReplicationLink
    let sender: WriteSender
    let progress: (UInt64) throws(ProcessServerError) -> Void

    private struct Question {
        let firstBlock: UInt64
        let digests: [RangeDigest]
    }

    private var questions: [Question] = []
    private var gathered: [RangeDigest] = []
    private var nextBlock: UInt64 = 0
    private var scratch = AlignedBufferBox()
    private(set) var differingBlocks: UInt64 = 0

    init(
        disk: SessionDisk, seed: UInt64, link: ReplicationLink, sender: WriteSender,
        progress: @escaping (UInt64) throws(ProcessServerError) -> Void
    ) {
        self.disk = disk
        self.seed = seed
        self.link = link
        self.sender = sender
        self.progress = progress
    }

    mutating func run(window: inout DigestWindow, signal: WorkerSignal) throws(ProcessServerError) {
        let reader = ChunkReader(source: disk.source, size: disk.geometry.size, changesOnly: false, signal: signal)
        defer { reader.finish() }
        let zeroes = ZeroDigests(size: disk.size, seed: seed)
        while let chunk = try reader.next() {
            let blocks = ScanBlock.index(chunk.range.lowerBound)...ScanBlock.index(chunk.range.upperBound - 1)
            switch chunk.content {
            case .unchanged, .zeroes:
                for block in blocks { try add(zeroes.digest(of: block), &window) }
            case .data(let cell):
                guard let buffer = cell.take() else { continue }
                for block in blocks {
                    let start = Int(ScanBlock.start(block) - chunk.range.lowerBound)
                    let end = Int(ScanBlock.end(block, size: disk.size) - chunk.range.lowerBound)
                    let seed = seed
                    try add(buffer.withBytes(start..<end) { RangeDigest(of: $0, seed: seed) }, &window)
                }
                cell.put(buffer)
                reader.recycle(cell)
            }
            try takeAnswers(&window)
            try progress(chunk.range.upperBound)
        }
        try ask(&window)
        while !questions.isEmpty {
            try takeAnswers(&window)
            if !questions.isEmpty { try awaitAnswer() }
        }
        try sender.flush()
        try window.finish()
    }

    private mutating func add(_ digest: RangeDigest, _ window: inout DigestWindow) throws(ProcessServerError) {
        gathered.append(digest)
        if gathered.count == Self.digestsPerQuestion { try ask(&window) }
    }

    private mutating func ask(_ window: inout DigestWindow) throws(ProcessServerError) {
        guard !gathered.isEmpty else { return }
        while link.shared.withLock({ $0.session.availableQuestions }) == 0 {
            try takeAnswers(&window)
            guard link.shared.withLock({ $0.session.availableQuestions }) == 0 else { break }
            try awaitAnswer()
        }
        let frame = Frame.Digests(
            disk: disk.number, sector: ScanBlock.start(nextBlock) / Sector.size, digests: gathered)
        try link.send { session in session.ask(frame) }
        questions.append(Question(firstBlock: nextBlock, digests: gathered))
        nextBlock += UInt64(gathered.count)
        gathered = []
    }

    private func awaitAnswer() throws(ProcessServerError) {
        _ = try link.waitFor { $0.answers.isEmpty ? nil : true }
    }

    private mutating func takeAnswers(_ window: inout DigestWindow) throws(ProcessServerError) {
        let answers = link.shared.withLock { shared in
            let answers = shared.answers
            shared.answers = []
            return answers
        }
        for answer in answers {
            // The machine lets only answers to open questions pass, in their order.
            guard !questions.isEmpty else { continue }
            try take(answer, of: questions.removeFirst(), &window)
        }
    }

    private mutating func take(
        _ answer: Frame.DigestAnswer, of question: Question, _ window: inout DigestWindow
    ) throws(ProcessServerError) {
        var index = 0
        while index < question.digests.count {
            guard answer.differs(index) else {
                try window.set(question.digests[index], of: question.firstBlock + UInt64(index))
                index += 1
                continue
            }
            // Neighbours that differ are read and sent together, as much as one Write holds.
            var end = index + 1
            while end < question.digests.count, end - index < AlignedBufferBox.blocks, answer.differs(end) { end += 1 }
            try resend(question.firstBlock + UInt64(index)..<question.firstBlock + UInt64(end), &window)
            index = end
        }
    }

    private mutating func resend(
        _ blocks: Range<UInt64>, _ window: inout DigestWindow
    ) throws(ProcessServerError) {
        let start = ScanBlock.start(blocks.lowerBound)
        let end = ScanBlock.end(blocks.upperBound - 1, size: disk.size)
        let source = disk.source
        try scratch.buffer.withMutableBytes(0..<Int(end - start)) { (span) throws(ProcessServerError) in
            try source.read(into: &span, at: ByteOffset(start))
        }
        differingBlocks += UInt64(blocks.count)
        for block in blocks {
            let from = Int(ScanBlock.start(block) - start)
            let to = Int(ScanBlock.end(block, size: disk.size) - start)
            let seed = seed
            let digest = scratch.buffer.withBytes(from..<to) { RangeDigest(of: $0, seed: seed) }
            try window.set(digest, of: block)
        }
        let (sender, number) = (sender, disk.number)
        try scratch.buffer.withBytes(0..<Int(end - start)) { (bytes) throws(ProcessServerError) in
            if bytes.isAllZeroes {
                try sender.zero(start..<end, disk: number, isSync: true)
            } else {
                try sender.write(bytes, disk: number, at: start, isSync: true)
            }
        }
    }
}

/// The buffer in which differing blocks are read again.
private final class AlignedBufferBox {
    static let blocks = 4
    var buffer = AlignedBuffer(count: blocks * Int(ScanBlock.byteCount))
}
