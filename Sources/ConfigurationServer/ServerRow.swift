// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import ConfigurationAPI
import ControlAPI
import SQLStorage
import StoragePrimitives

/// A row of the table `server`. Moments are nanoseconds since 1970.
struct ServerRow: Sendable {
    var hostID: String
    var role: String
    var hostName: String
    var version: String
    var enrolled: Int64
    var machine: MachineFingerprint
    var address: String
    var serial: String
    var certificate: String
    var expires: Int64
    var revoked: Int64?
    var lastSeen: Int64?
    var heartbeat: String?
    var clone: CloneReport?

    static func find(_ hostID: String, _ transaction: any SQLTransaction) throws -> ServerRow? {
        try transaction.rows("SELECT * FROM server WHERE host_id = \(hostID)").first.map { try ServerRow($0) }
    }

    /// Puts it in the place of what was known of the host.
    func save(_ transaction: any SQLTransaction) throws {
        try transaction.run(
            """
            INSERT INTO server (host_id, role, host_name, version, enrolled, machine_id, product_uuid, address, serial,
                certificate, expires, revoked, last_seen, heartbeat)
            VALUES (\(hostID), \(role), \(hostName), \(version), \(enrolled), \(machine.machineID.description),
                \(machine.productUUID?.description), \(address), \(serial), \(certificate), \(expires), \(revoked),
                \(lastSeen), \(heartbeat))
            ON CONFLICT (host_id) DO UPDATE SET role = excluded.role, host_name = excluded.host_name,
                version = excluded.version, enrolled = excluded.enrolled, machine_id = excluded.machine_id,
                product_uuid = excluded.product_uuid, address = excluded.address, serial = excluded.serial,
                certificate = excluded.certificate, expires = excluded.expires, revoked = excluded.revoked,
                last_seen = excluded.last_seen, heartbeat = excluded.heartbeat
            """)
        try saveClone(transaction)
    }

    /// Notes the clone, or that there is none.
    func saveClone(_ transaction: any SQLTransaction) throws {
        try transaction.run(
            """
            UPDATE server SET clone_machine_id = \(clone?.machine.machineID.description),
                clone_product_uuid = \(clone?.machine.productUUID?.description),
                clone_address = \(clone?.address), clone_moment = \(clone?.moment.timestamp.rawValue)
            WHERE host_id = \(hostID)
            """)
    }
}

extension ServerRow {
    init(_ row: SQLRow) throws {
        hostID = try row.text("host_id")
        role = try row.text("role")
        hostName = try row.text("host_name")
        version = try row.text("version")
        enrolled = try row.integer("enrolled")
        machine = Self.machine(try row.text("machine_id"), try row.optionalText("product_uuid"))
        address = try row.text("address")
        serial = try row.text("serial")
        certificate = try row.text("certificate")
        expires = try row.integer("expires")
        revoked = try row.optionalInteger("revoked")
        lastSeen = try row.optionalInteger("last_seen")
        heartbeat = try row.optionalText("heartbeat")
        guard let machineID = try row.optionalText("clone_machine_id"),
            let address = try row.optionalText("clone_address"), let moment = try row.optionalInteger("clone_moment")
        else { return }
        clone = CloneReport(
            machine: Self.machine(machineID, try row.optionalText("clone_product_uuid")), address: address,
            moment: DateTime(Timestamp(rawValue: moment)))
    }

    private static func machine(_ machineID: String, _ productUUID: String?) -> MachineFingerprint {
        MachineFingerprint(
            machineID: HexBytes(machineID) ?? HexBytes([]), productUUID: productUUID.flatMap { HexBytes($0) })
    }
}
