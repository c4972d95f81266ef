// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import ControlAPI
import HealthChecks
import LinuxSystem
import Registration
import StoragePrimitives

/// Which machine this is, compared with which it was, and what an operator says to that.
///
/// A copy of a master target has the records of its original, and would write to the same disks. So an agent on a
/// machine that is not the one that was recorded touches none until its identity was accepted.
public struct HostAcceptance: Sendable {
    private static let thread = DiskThread(name: "mt-identity")
    private let statePath: String

    /// On this machine.
    public init(_ places: AppliancePlaces) { statePath = places.statePath }

    /// What is different, as sentences; empty when nothing is.
    public func differences() async throws -> [String] { try await named { try $0.identity().differences } }

    /// Takes the machine as it is now for the right one.
    public func accept() async throws { try await named { try $0.acceptIdentity() } }

    /// Registers the machine with a configuration server, unless it is a copy of another: a clone would come as its
    /// original.
    public func register(_ application: RegistrationFolder.Application) async throws -> RegistrationFolder.Record {
        try await named { if let refusal = Self.refusal($0) { throw refusal } }
        return try await RegistrationFolder(path: ApplianceConfiguration.registrationPath(statePath))
            .register(application)
    }

    private func named<Value: Sendable>(
        _ body: @escaping @Sendable (LinuxHost) throws -> Value
    ) async throws -> Value {
        do {
            return try await Self.thread.run { [statePath] in
                try body(LinuxHost(state: try DirectoryFolder(path: statePath)))
            }
        } catch let error as HealthError {
            throw ControlFailure(.corrupt, error.description, remedy: "")
        } catch let error as DeviceError {
            throw LocalLook.failure(error)
        }
    }

    /// Why no disk may be touched, or nil. What cannot be found out stops nothing: the check `vm.identity` tells it.
    static func refusal(_ host: any HostProbe) -> ControlFailure? {
        guard let facts = try? host.identity(), facts.isAnotherMachine else { return nil }
        return ControlFailure(
            .refused,
            "This machine was cloned or moved since its groups were made: \(facts.differences.joined(separator: " "))",
            remedy: "Shut down the other one if there are two, then run mtctl host accept-identity here.")
    }
}
