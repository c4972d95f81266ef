// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

/// Looks for what keeps our part of the configuration from having its effect.
public enum ConfigurationAudit {
    /// A disk as the blacklist sees it.
    public struct Disk: Hashable, Sendable {
        /// The device, as in `/sys/block`: `sdb`.
        public var devnode: String
        /// Its identity as `scsi_id` prints it.
        public var wwid: String
        /// As the disk names itself.
        public var vendor: String
        /// As the disk names itself.
        public var product: String

        /// A disk.
        public init(devnode: String, wwid: String, vendor: String, product: String) {
            self.devnode = devnode
            self.wwid = wwid
            self.vendor = vendor
            self.product = product
        }

        /// A virtual disk of VMware's, which a blacklist taken over from a template often names.
        public static let vmware = Disk(
            devnode: "sdb", wwid: "36000c290000000000000000000000000", vendor: "VMware", product: "Virtual disk")
    }

    /// Something that is not as it should be. Each is a warning.
    public enum Finding: Hashable, Sendable {
        /// A setting of ours does not hold; the entry that wins, nil when it is set nowhere.
        case overridden(key: String, wanted: String, by: MultipathConfiguration.Entry?)
        /// A protected disk (that of the root filesystem) is not blacklisted.
        case notProtected(identity: String)
        /// An entry keeps multipathd from a disk that it should see.
        case blacklisted(Disk, by: MultipathConfiguration.Entry)
        /// An entry of a blacklist cannot be understood, so that what it keeps away is unknown.
        case unreadablePattern(MultipathConfiguration.Entry)
    }

    /// What is not as it should be.
    ///
    /// - Parameters:
    ///   - configuration: What is in force, or the files together.
    ///   - dropIn: What we want to be in force.
    ///   - disks: Disks that multipathd has to see. Protected ones among them are passed over.
    public static func findings(
        in configuration: MultipathConfiguration, for dropIn: MultipathDropIn, disks: [Disk] = [.vmware]
    ) -> [Finding] {
        var findings: [Finding] = []
        for (key, value, words) in MultipathDropIn.wanted {
            let holders = [(vendor: "", product: "")] + disks.map { (vendor: $0.vendor, product: $0.product) }
            for holder in holders {
                let entry = configuration.effective(key, vendor: holder.vendor, product: holder.product)
                if let entry, words.contains(entry.value) { continue }
                findings.append(.overridden(key: key, wanted: value, by: entry))
                break
            }
        }
        let blacklist = Blacklist(configuration)
        for identity in dropIn.protectedIdentities where blacklist.entry(matchingIdentity: identity) == nil {
            findings.append(.notProtected(identity: identity))
        }
        for disk in disks where !dropIn.protectedIdentities.contains(disk.wwid) {
            if let entry = blacklist.entry(keepingAway: disk) { findings.append(.blacklisted(disk, by: entry)) }
        }
        findings += blacklist.unreadable.map { .unreadablePattern($0) }
        return findings
    }
}

extension ConfigurationAudit.Finding {
    /// A sentence with the place and what to do.
    public var sentence: String {
        switch self {
        case .overridden(let key, let wanted, let entry?) where entry.file == MultipathConfiguration.inForce:
            "multipathd goes by \(key) '\(entry.value)', and '\(wanted)' is needed: something sets it after our part, or "
                + "our part was not read yet."
        case .overridden(let key, let wanted, let entry?):
            "\(entry.place) sets \(key) to '\(entry.value)', and '\(wanted)' is needed: take it out, then run "
                + "'multipathd reconfigure'."
        case .overridden(let key, let wanted, nil):
            "\(key) is not set to '\(wanted)': write \(MultipathDropIn.folder)/\(MultipathDropIn.fileName) anew, then run "
                + "'multipathd reconfigure'."
        case .notProtected(let identity):
            "The disk of the root filesystem (\(identity)) is not blacklisted: write "
                + "\(MultipathDropIn.folder)/\(MultipathDropIn.fileName) anew, then run 'multipathd reconfigure'."
        case .blacklisted(let disk, let entry):
            "\(entry.place) (\(entry.key) \"\(entry.value)\") keeps multipathd from \(disk.vendor) \(disk.product) disks "
                + "such as \(disk.devnode): take it out, or name the disk in blacklist_exceptions."
        case .unreadablePattern(let entry):
            "\(entry.place): the pattern \"\(entry.value)\" cannot be understood, so what it keeps away is unknown."
        }
    }
}

extension MultipathConfiguration.Entry {
    /// `/etc/multipath.conf line 12`.
    var place: String { "\(file) line \(line)" }
}

/// The blacklist of a configuration with its exceptions.
///
/// Source: multipath.conf(5), "blacklist section": a disk is left out when its name, its identity, or its vendor and
/// product match an entry, unless an exception of the same kind matches too.
struct Blacklist {
    private let rules: [MultipathConfiguration.Section]
    private let exceptions: [MultipathConfiguration.Section]

    init(_ configuration: MultipathConfiguration) {
        rules = configuration.sections("blacklist")
        exceptions = configuration.sections("blacklist_exceptions")
    }

    /// The entry that keeps an identity away.
    func entry(matchingIdentity identity: String) -> MultipathConfiguration.Entry? {
        Self.entry("wwid", identity, in: exceptions) == nil ? Self.entry("wwid", identity, in: rules) : nil
    }

    /// The entry that keeps a disk away.
    func entry(keepingAway disk: ConfigurationAudit.Disk) -> MultipathConfiguration.Entry? {
        if Self.entry("devnode", disk.devnode, in: exceptions) == nil,
            let entry = Self.entry("devnode", disk.devnode, in: rules)
        {
            return entry
        }
        if Self.entry(for: disk, in: exceptions) == nil, let entry = Self.entry(for: disk, in: rules) { return entry }
        return entry(matchingIdentity: disk.wwid)
    }

    /// Entries whose patterns cannot be understood.
    var unreadable: [MultipathConfiguration.Entry] {
        (rules + exceptions).flatMap { $0.entries + $0.sections.flatMap(\.entries) }
            .filter {
                ["wwid", "devnode", "vendor", "product"].contains($0.key) && Pattern($0.value).matches("") == nil
            }
    }

    private static func entry(
        _ key: String, _ subject: String, in sections: [MultipathConfiguration.Section]
    ) -> MultipathConfiguration.Entry? {
        sections.flatMap(\.entries).first { $0.key == key && Pattern($0.value).matches(subject) == true }
    }

    private static func entry(
        for disk: ConfigurationAudit.Disk, in sections: [MultipathConfiguration.Section]
    ) -> MultipathConfiguration.Entry? {
        let devices = sections.flatMap(\.sections).filter { $0.name == "device" }
        let match = devices.first { device in
            let (vendor, product) = (device.value("vendor"), device.value("product"))
            return (vendor != nil || product != nil)
                && vendor.map { Pattern($0.value).matches(disk.vendor) == true } ?? true
                && product.map { Pattern($0.value).matches(disk.product) == true } ?? true
        }
        return match?.value("vendor") ?? match?.value("product")
    }
}
