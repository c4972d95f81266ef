// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import ConfigurationAPI
import ControlAPI
import GRDB
import HostCertificates
import StoragePrimitives

/// A certificate that was just signed.
struct SignedCertificate: Sendable {
    let pem: String
    let issued: IssuedCertificate

    init(pem: String) throws {
        self.pem = pem
        issued = try IssuedCertificate(pemEncoded: pem)
    }
}

extension Inventory {
    /// Takes a server in whose passphrase is proven, or takes it in again: then its former certificates are taken back.
    ///
    /// - Throws: ``ConfigurationFailure`` with `.cloned` for the host id of another machine, which is noted, and with
    ///   `.conflict` for another role.
    func enrol(
        _ identity: JoinerIdentity, with signed: SignedCertificate, address: String, now: Timestamp
    ) async throws {
        let refusal: ConfigurationFailure? = try await pool.write { database in
            if var known = try ServerRow.fetchOne(database, key: identity.hostID), known.revoked == nil {
                if let refusal = try Self.refuseClone(identity.machine, &known, address, now, database) {
                    return refusal
                }
                guard known.role == identity.role.rawValue else {
                    return ConfigurationFailure(
                        .conflict, "The host \(identity.hostID) is enrolled as \(known.role).",
                        remedy: "Give this machine a host id of its own, or revoke the other one first.")
                }
            }
            try Self.takeBack(identity.hostID, reason: "enrolled again", now: now, database)
            try Self.record(signed.issued, now: now, database)
            let row = ServerRow(
                hostID: identity.hostID, role: identity.role.rawValue, hostName: identity.hostName,
                version: identity.version, enrolled: now.rawValue,
                machineID: identity.machine.machineID.description,
                productUUID: identity.machine.productUUID?.description, address: address,
                serial: signed.issued.serial, certificate: signed.pem,
                expires: signed.issued.notAfter.timestamp.rawValue)
            try row.save(database)
            return nil
        }
        if let refusal { throw refusal }
    }

    /// A server that is what its certificate says, on the machine that it was enrolled on.
    ///
    /// - Throws: ``ConfigurationFailure`` with `.notFound`, `.revoked` or `.cloned`; a clone is noted.
    func server(
        _ hostID: String, on machine: MachineFingerprint, address: String, now: Timestamp
    ) async throws -> ServerRow {
        guard let row = try await pool.read({ try ServerRow.fetchOne($0, key: hostID) }) else {
            throw ConfigurationFailure(
                .notFound, "The host \(hostID) is not enrolled here.",
                remedy: "Enrol it again with the passphrase: the inventory may be older than its certificate.")
        }
        if row.revoked != nil { throw ConfigurationFailure.takenBack }
        if row.machine.isSameMachine(as: machine) { return row }
        let refusal = try await pool.write { database -> ConfigurationFailure? in
            guard var row = try ServerRow.fetchOne(database, key: hostID) else { return nil }
            return try Self.refuseClone(machine, &row, address, now, database)
        }
        if let refusal { throw refusal }
        return row
    }

    /// Notes a certificate that follows the one that it was asked for with.
    func renewed(_ hostID: String, with signed: SignedCertificate, now: Timestamp) async throws {
        try await pool.write { database in
            guard var row = try ServerRow.fetchOne(database, key: hostID), row.revoked == nil else {
                throw ConfigurationFailure.takenBack
            }
            try Self.record(signed.issued, now: now, database)
            row.serial = signed.issued.serial
            row.certificate = signed.pem
            row.expires = signed.issued.notAfter.timestamp.rawValue
            try row.update(database)
        }
    }

    /// Notes a certificate of an operator, so that it can be taken back.
    func recordOperator(_ issued: IssuedCertificate, now: Timestamp) throws {
        try pool.write { try Self.record(issued, now: now, $0) }
    }

    private static func record(_ issued: IssuedCertificate, now: Timestamp, _ database: Database) throws {
        try database.execute(
            sql: "INSERT INTO certificate (serial, hostID, role, issued, expires) VALUES (?, ?, ?, ?, ?)",
            arguments: [
                issued.serial, issued.host, issued.role?.rawValue ?? "", now.rawValue,
                issued.notAfter.timestamp.rawValue,
            ])
    }

    /// Notes that another machine came with the host id, and what to answer it; nil for the same machine.
    private static func refuseClone(
        _ machine: MachineFingerprint, _ row: inout ServerRow, _ address: String, _ now: Timestamp,
        _ database: Database
    ) throws -> ConfigurationFailure? {
        guard !row.machine.isSameMachine(as: machine) else { return nil }
        row.setClone(CloneReport(machine: machine, address: address, moment: DateTime(now)))
        try row.update(database)
        return ConfigurationFailure(
            .cloned, "The host id \(row.hostID) belongs to another machine (\(row.hostName)).",
            remedy:
                "If this is a copy, give it a host id of its own; if the machine was moved, revoke it and enrol again.")
    }
}

extension ConfigurationFailure {
    /// A certificate that was good once.
    static let takenBack = ConfigurationFailure(
        .revoked, "The certificate was taken back.", remedy: "Enrol again with the passphrase.")
}
