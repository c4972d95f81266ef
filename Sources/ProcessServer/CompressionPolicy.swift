// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

/// Whether the next Write is compressed.
///
/// LZ4 costs more time than a fast network saves. `auto` compresses while the sender mostly waits for the receiver or
/// the network, and stops for a while where the data does not shrink.
public struct CompressionPolicy: Hashable, Sendable {
    /// When payloads are compressed: when it pays, never, always.
    public enum Mode: String, Hashable, Sendable, CaseIterable {
        case auto, none, lz4
    }

    /// Writes between two decisions.
    static let window = 32
    /// Windows without another attempt after data that did not shrink.
    static let pauseWindows = 16

    /// What the operator chose.
    public let mode: Mode
    private var isOn = false
    private var writes = 0
    private var pause = 0
    private var bytesIn = 0
    private var bytesOut = 0
    private var windowStart: Int64?
    private var blockedAtStart: Int64 = 0

    /// A policy that has seen nothing yet: `auto` begins without compression.
    public init(mode: Mode) { self.mode = mode }

    /// - Parameters:
    ///   - now: Nanoseconds of a steady clock.
    ///   - blocked: Nanoseconds that the sender has waited so far for credit or the network.
    public mutating func shouldCompress(now: Int64, blocked: Int64) -> Bool {
        switch mode {
        case .none: return false
        case .lz4: return true
        case .auto:
            guard let start = windowStart else {
                begin(now, blocked)
                return false
            }
            writes += 1
            if writes >= Self.window { decide(elapsed: now - start, waited: blocked - blockedAtStart, now, blocked) }
            return isOn
        }
    }

    /// What became of a Write that was compressed.
    public mutating func compressed(_ bytes: Int, to result: Int) {
        bytesIn += bytes
        bytesOut += result
    }

    private mutating func begin(_ now: Int64, _ blocked: Int64) {
        windowStart = now
        blockedAtStart = blocked
        writes = 0
        bytesIn = 0
        bytesOut = 0
    }

    private mutating func decide(elapsed: Int64, waited: Int64, _ now: Int64, _ blocked: Int64) {
        if isOn, bytesOut * 10 > bytesIn * 9 { pause = Self.pauseWindows }
        pause = max(0, pause - 1)
        isOn = pause == 0 && waited * 2 > elapsed
        begin(now, blocked)
    }
}
