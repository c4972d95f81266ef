// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import ControlAPI
import DiskInventory
import LinuxSystem
import StateFiles
import StoragePrimitives

/// The disks that groups write to, as the groups' records have them: known also while the agent does not run.
enum RecordedTargets {
    /// Groups by the identities of their targets. Blocks.
    ///
    /// - Throws: What keeps a record from being read: then nobody knows which disks are targets.
    static func identities(statePath: String) throws -> [DiskIdentity: String] {
        let folder: DirectoryFolder
        do {
            folder = try DirectoryFolder(path: "\(statePath)/groups")
        } catch {
            // No agent ever ran here.
            if error.code == .notFound { return [:] }
            throw LocalLook.failure(error)
        }
        let records = StateFolder(folder, limit: GroupRecord.maximumFileBytes)
        var bound: [DiskIdentity: String] = [:]
        for id in try records.names() {
            guard let record = try records.read(GroupRecord.self, from: id) else { continue }
            for disk in record.disks where DiskDesk.isDisk(disk.target) {
                if let identity = DiskIdentity(rawValue: disk.target) { bound[identity] = record.name }
            }
        }
        return bound
    }
}

/// Where an appliance keeps what it has: for commands that look at this machine by themselves.
public struct AppliancePlaces: Hashable, Sendable {
    /// Records of groups, jobs and disks: an absolute path.
    public let statePath: String
    /// The retention volume: an absolute path.
    public let retentionPath: String
    /// Private keys that are kept elsewhere than in the state folder, as far as that is known: absolute paths.
    public let keyPaths: [String]

    /// The registration with a configuration server.
    public var registrationPath: String { ApplianceConfiguration.registrationPath(statePath) }

    /// As the agent that runs says it.
    public init(_ report: ApplianceReport) {
        statePath = report.stateFolder
        retentionPath = report.retention.path
        keyPaths = []
    }

    /// - Parameter configPath: The agent's configuration file; the defaults count where the usual one is not there.
    public init(configPath: String) async throws {
        self.init(try await ApplianceConfiguration.local(configPath))
    }

    package init(_ configuration: ApplianceConfiguration) {
        statePath = configuration.statePath
        retentionPath = configuration.retentionPath
        keyPaths = [configuration.keyPath]
    }

    /// Those of an agent that was told of no others.
    public static var usual: AppliancePlaces { AppliancePlaces(ApplianceConfiguration()) }
}

/// Commands that look at this machine by themselves, without the agent.
enum LocalLook {
    /// What keeps a command from looking, as people need it.
    static func failure(_ error: any Error) -> ControlFailure {
        if let error = error as? DeviceError, error.code == .permissionDenied {
            return ControlFailure(.refused, "\(error.object) may be looked at by root only.", remedy: "Use sudo.")
        }
        return ControlFailure.from(error)
    }
}

extension ApplianceConfiguration {
    /// The agent's configuration as a command reads it: the file, and nothing else; defaults where it is not there.
    static func local(_ configPath: String) async throws -> ApplianceConfiguration {
        try await load(
            file: configPath, isFileRequired: configPath != defaultPath, environment: [:], settings: [])
    }
}
