// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import LinuxSystem
import StoragePrimitives

/// multipathd on its socket: one conversation for each request. Blocks, at most for the timeout.
public struct MultipathSocket: MultipathDaemon {
    /// Where it listens: the abstract name that every version has, then the path of newer ones.
    public static let standardAddresses = ["@/org/kernel/linux/storage/multipathd", "/run/multipathd.socket"]

    private let addresses: [String]
    private let timeout: Int64
    private let clock: any SteadyClock

    /// multipathd at its usual addresses, or another's.
    ///
    /// - Parameters:
    ///   - addresses: Tried in order until one is listened on.
    ///   - timeout: Nanoseconds for a request and its reply. multipathd's own limit for a client is 4 s by default.
    public init(
        addresses: [String] = standardAddresses, timeout: Int64 = 5_000_000_000,
        clock: any SteadyClock = MachineSteadyClock()
    ) {
        self.addresses = addresses
        self.timeout = timeout
        self.clock = clock
    }

    /// Its answer, without the terminating null.
    public func reply(to command: MultipathCommand) throws(MultipathError) -> [UInt8] {
        for address in addresses {
            do {
                return try SocketMessage.text(of: try exchange(command, at: address), command: command)
            } catch {
                guard error.code == .notRunning else { throw error }
            }
        }
        throw MultipathError(.notRunning, object: addresses.joined(separator: ", "))
    }

    private func exchange(_ command: MultipathCommand, at address: String) throws(MultipathError) -> [UInt8] {
        do {
            let socket = try LocalSocket(address: address, timeout: timeout, clock: clock)
            try socket.send(SocketMessage.request(command.text))
            let header = try socket.receive(SocketMessage.lengthBytes)
            return try socket.receive(try SocketMessage.replyLength(header, command: command.text))
        } catch let error as LocalSocket.Failure {
            throw Self.named(error, command: command, address: address)
        } catch let error as MultipathError {
            throw error
        } catch {
            throw MultipathError(.disconnected, object: command.text, detail: "\(error)")
        }
    }

    private static func named(
        _ failure: LocalSocket.Failure, command: MultipathCommand, address: String
    ) -> MultipathError {
        switch failure {
        case .absent: MultipathError(.notRunning, object: address)
        case .permissionDenied: MultipathError(.permissionDenied, object: address)
        case .timedOut: MultipathError(.timedOut, object: command.text)
        case .closed(let count):
            MultipathError(.disconnected, object: command.text, detail: "it closed after \(count) bytes")
        case .failed(let error): MultipathError(.disconnected, object: command.text, detail: "\(error)")
        }
    }
}
