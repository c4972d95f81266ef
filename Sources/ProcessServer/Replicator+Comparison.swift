// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import ReplicationProtocol
import StoragePrimitives

/// Compares the targets with what the last pass read of the sources.
///
/// A source that goes on changing cannot be compared with a target that stands still. But a pass that read everything
/// leaves the digests of what it read, and once it is applied, the target has to have the same: so these are sent, and
/// nothing is read again here.
extension Replicator {
    private static let digestsPerQuestion = 1024

    /// - Parameter sequence: The last one that was sent, of a pass that read everything.
    func compare(
        _ request: Frame.VerifyRequest, at sequence: UInt64, _ link: ReplicationLink
    ) throws(ProcessServerError) {
        try link.awaitApplied(sequence)
        var differing = 0
        for member in members { differing += try compare(member, request, at: sequence, link) }
        link.shared.withLock { if $0.verifyRequest == request { $0.verifyRequest = nil } }
        report(
            .notice(
                differing == 0
                    ? "The targets were compared with their sources and are the same."
                    : "The targets were compared with their sources: \(differing) ranges of "
                        + "\(ByteCount(ScanBlock.byteCount)) differ."))
    }

    /// - Returns: How many ranges differ.
    private func compare(
        _ member: Member, _ request: Frame.VerifyRequest, at sequence: UInt64, _ link: ReplicationLink
    ) throws(ProcessServerError) -> Int {
        guard let known = store.disk(member.source.id) else {
            throw ProcessServerError(
                .outOfStep, "Nothing is remembered of \(member.source.name); it is compared first.")
        }
        let begin = Frame.VerifyBegin(
            request: request, disk: member.number, sequence: sequence, granularity: UInt32(ScanBlock.byteCount),
            seed: known.seed)
        try link.send { session in session.begin(begin) }
        let blocks = ScanBlock.count(size: known.size)
        var window = DigestWindow(
            file: try store.digestFile(of: known), disk: member.number, seed: known.seed, blocks: blocks, sink: .file)
        var differing = 0
        var unanswered = 0
        var block: UInt64 = 0
        while block < blocks {
            var digests: [RangeDigest] = []
            let first = block
            while block < blocks, digests.count < Self.digestsPerQuestion {
                let digest = try window.digest(of: block)
                guard digest != DigestPage.unknown else {
                    throw ProcessServerError(
                        .outOfStep,
                        "Remembered digests of \(member.source.name) are damaged: its content is compared again.")
                }
                digests.append(digest)
                block += 1
            }
            while link.shared.withLock({ $0.session.availableQuestions }) == 0 {
                differing += try takeAnswers(&unanswered, link)
            }
            let question = Frame.Digests(
                disk: member.number, sector: ScanBlock.start(first) / Sector.size, digests: digests)
            try link.send { session in session.ask(question) }
            unanswered += 1
        }
        while unanswered > 0 { differing += try takeAnswers(&unanswered, link) }
        let end = Frame.VerifyEnd(request: request, disk: member.number)
        try link.send { session in session.end(end) }
        return differing
    }

    /// Waits for answers and counts what they say.
    private func takeAnswers(_ unanswered: inout Int, _ link: ReplicationLink) throws(ProcessServerError) -> Int {
        let answers = try link.waitFor { shared -> [Frame.DigestAnswer]? in
            guard !shared.answers.isEmpty else { return nil }
            defer { shared.answers = [] }
            return shared.answers
        }
        unanswered -= answers.count
        return answers.reduce(0) { $0 + $1.differingCount }
    }
}
