// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import StoragePrimitives

/// What a rule says of a volume.
public enum RuleOutcome: Hashable, Sendable {
    /// It holds: what was seen.
    case met(String)
    /// It holds, and something is worth knowing.
    case warned(String)
    /// It will hold once the volume is prepared: it is blank.
    case unprepared(String)
    /// It does not hold: a sentence with what was seen and what to do.
    ///
    /// `isCuredByFormatting`: a new filesystem, made with consent, takes the reason away.
    case failed(String, isCuredByFormatting: Bool)

    /// The sentence.
    public var sentence: String {
        switch self {
        case .met(let text), .warned(let text), .unprepared(let text), .failed(let text, isCuredByFormatting: _): text
        }
    }

    /// Whether it keeps the volume from being offered as it is.
    public var isFailure: Bool { if case .failed = self { true } else { false } }

    static func failed(_ sentence: String) -> RuleOutcome { .failed(sentence, isCuredByFormatting: false) }
}

/// What the rules are asked against.
public struct RetentionContext: Hashable, Sendable {
    /// Where the retention volume is mounted, or will be: an absolute path.
    public var path: String
    /// What the machine itself lies on.
    public var layout: SystemLayout
    /// The devices of replication targets.
    public var targets: Set<DeviceNumber>
    /// The identities of replication targets, which hold also while a device is not there.
    public var targetIdentities: Set<String>
    /// The least bytes that are of use. By default twice what counts as critically little free space.
    public var minimumSize: ByteCount

    /// A context.
    public init(
        path: String = "/mnt/retention", layout: SystemLayout = SystemLayout(), targets: Set<DeviceNumber> = [],
        targetIdentities: Set<String> = [], minimumSize: ByteCount = .gibibytes(2)
    ) {
        self.path = path
        self.layout = layout
        self.targets = targets
        self.targetIdentities = targetIdentities
        self.minimumSize = minimumSize
    }
}

/// One condition that a retention volume has to meet: a pure function with a name.
public struct RetentionRule: Sendable {
    /// Its id, the same for ever: `retention.not-fat`.
    public let id: String
    /// What it asks, as a clause: "is not FAT".
    public let title: String
    private let check: @Sendable (VolumeFacts, RetentionContext) -> RuleOutcome

    init(
        _ id: String, _ title: String, check: @escaping @Sendable (VolumeFacts, RetentionContext) -> RuleOutcome
    ) {
        self.id = "retention.\(id)"
        self.title = title
        self.check = check
    }

    /// What it says of a volume.
    public func evaluate(_ facts: VolumeFacts, in context: RetentionContext) -> RuleOutcome { check(facts, context) }

    /// All of them, in the order in which they are shown.
    public static let all: [RetentionRule] = [
        .hasRoom, .hasEnoughRoom, .isPermanent, .isNotFAT, .hasWorkingFilesystem, .isWritable, .isNotLocked,
        .isNotDivided, .isNotMountedElsewhere, .isNotSwap, .isNotSystem, .isNotInstallationOrCache, .isNotTarget,
        .isApartFromRoot,
    ]
}
