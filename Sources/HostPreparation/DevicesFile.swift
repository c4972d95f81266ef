// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

/// LVM's list of the devices that it may use. LVM alone writes it; here it is read.
///
/// Source: lvmdevices(8): a line a device, `IDTYPE=sys_wwid IDNAME=naa.6000… DEVNAME=/dev/sda PVID=…`.
struct DevicesFile {
    struct Device: Hashable {
        /// The line as it stands.
        let line: String
        let fields: [String: String]

        /// What does not change when LVM finds a device under another name.
        var identity: [String] { ["IDTYPE", "IDNAME", "PVID", "PART"].map { fields[$0] ?? "" } }

        /// Whether the line means the disk with this identity, as `scsi_id` prints it.
        func isIdentified(by identity: String) -> Bool {
            guard let name = fields["IDNAME"]?.lowercased() else { return false }
            let wanted = identity.lowercased()
            // scsi_id begins with the kind of designator: 1 T10, 2 EUI-64, 3 NAA. Source: man 8 scsi_id.
            let rest = String(wanted.dropFirst())
            let kind = ["1": "t10.", "2": "eui.", "3": "naa."][wanted.first ?? " "]
            return name == wanted || name == "mpath-\(wanted)" || (kind.map { name == $0 + rest } ?? false)
        }

        /// The command that takes it out of the list.
        var removal: String {
            if let pvid = fields["PVID"], pvid.count > 8,
                pvid.allSatisfy({ $0.isASCII && ($0.isLetter || $0.isNumber) })
            {
                return "lvmdevices --yes --delpvid \(pvid)"
            }
            let device = fields["DEVNAME"] ?? ""
            return "lvmdevices --yes --deldev '\(device.replacing("'", with: ""))'"
        }
    }

    private let lines: [Substring]
    let devices: [Device]

    init(parsing text: String) {
        lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        devices = lines.filter { $0.hasPrefix("IDTYPE=") }.map { line in
            var fields: [String: String] = [:]
            for field in line.split(separator: " ") {
                guard let equals = field.firstIndex(of: "=") else { continue }
                fields[String(field[..<equals])] = String(field[field.index(after: equals)...])
            }
            return Device(line: String(line), fields: fields)
        }
    }

    /// The text without some devices.
    func without(_ removed: [Device]) -> String {
        let gone = Set(removed.map(\.line))
        return lines.filter { !gone.contains(String($0)) }.joined(separator: "\n")
    }

    /// Whether two texts list the same devices, whatever LVM noted beside them.
    static func listsTheSame(_ one: String, _ other: String) -> Bool {
        Set(DevicesFile(parsing: one).devices.map(\.identity))
            == Set(DevicesFile(parsing: other).devices.map(\.identity))
    }
}
