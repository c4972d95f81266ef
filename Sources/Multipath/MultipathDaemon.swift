// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import StoragePrimitives

/// What is asked of multipathd. None of it changes anything but ``reconfigure``.
///
/// Source: multipathd(8), "COMMANDS".
public enum MultipathCommand: Hashable, Sendable {
    /// Every map with its path groups and paths.
    case showMaps
    /// The process and what it is doing.
    case showDaemon
    /// Every path that is not blacklisted, with what the maps do not tell: address, WWID, serial number.
    case showPaths
    /// The configuration in force, with the sections of the devices that are here.
    case showConfiguration
    /// Reads the configuration files again.
    case reconfigure

    /// The words sent.
    public var text: String {
        switch self {
        case .showMaps: "show maps json"
        case .showDaemon: "show daemon"
        case .showPaths: "show paths raw format \(PathDetails.format)"
        case .showConfiguration: "show config local"
        case .reconfigure: "reconfigure"
        }
    }
}

/// multipathd, or what stands in for it in a test. Calls block: not on the cooperative pool.
public protocol MultipathDaemon: Sendable {
    /// Its answer, without the terminating null.
    ///
    /// - Throws: ``MultipathError`` where it could not be asked, or refused.
    func reply(to command: MultipathCommand) throws(MultipathError) -> [UInt8]
}

extension MultipathDaemon {
    /// Every map, its paths completed by what `show paths` knows of them.
    public func maps() throws(MultipathError) -> [MultipathMap] {
        var maps = try MapsReply.decode(try reply(to: .showMaps), command: MultipathCommand.showMaps.text)
        guard !maps.isEmpty else { return [] }
        let details = PathDetails.decode(try reply(to: .showPaths))
        for map in maps.indices {
            for group in maps[map].groups.indices {
                for path in maps[map].groups[group].paths.indices {
                    let number = maps[map].groups[group].paths[path].deviceNumber
                    maps[map].groups[group].paths[path].details = details[number]
                }
            }
        }
        return maps
    }

    /// The process and what it is doing.
    public func state() throws(MultipathError) -> DaemonState {
        let command = MultipathCommand.showDaemon
        guard let state = DaemonState(try replyText(to: command)) else {
            throw MultipathError(.malformedReply, object: command.text, detail: "it does not begin with 'pid'")
        }
        return state
    }

    /// The configuration in force.
    public func configuration() throws(MultipathError) -> MultipathConfiguration {
        try MultipathConfiguration(parsing: try replyText(to: .showConfiguration), name: MultipathConfiguration.inForce)
    }

    /// Has it read its configuration files again, after ours was written.
    public func reconfigure() throws(MultipathError) { _ = try reply(to: .reconfigure) }

    private func replyText(to command: MultipathCommand) throws(MultipathError) -> String {
        guard let text = String(validating: try reply(to: command), as: UTF8.self) else {
            throw MultipathError(.malformedReply, object: command.text, detail: "it is not UTF-8")
        }
        return text
    }
}

/// What `show daemon` says: `pid 759 idle`.
public struct DaemonState: Hashable, Sendable {
    /// Its process.
    public let process: UInt32
    /// What it is doing: `idle`, `running`, `configure`, `shutdown`.
    public let activity: String

    /// Reads `pid 759 idle`; nil for anything else.
    public init?(_ text: String) {
        let words = text.split { $0 == " " || $0.isNewline }
        guard words.count >= 2, words[0] == "pid", let process = UInt32(words[1]) else { return nil }
        self.process = process
        activity = words.dropFirst(2).joined(separator: " ")
    }
}
