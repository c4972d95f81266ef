// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import StoragePrimitives

/// Everything that a device answered about who it is, and what it could not.
public struct DiskIdentifiers: Hashable, Sendable {
    /// What was read of a device, as it came; nil for what it does not have.
    public struct Evidence: Hashable, Sendable {
        /// SCSI page 0x83.
        public var deviceIdentification: [UInt8]?
        /// SCSI page 0x80.
        public var unitSerialNumber: [UInt8]?
        /// INQUIRY's vendor, 8 bytes.
        public var vendor: [UInt8] = []
        /// INQUIRY's model, 16 bytes.
        public var model: [UInt8] = []
        /// An NVMe namespace's names.
        public var nvme: NVMeIdentifiers?
        /// A virtio disk's serial number.
        public var virtioSerial: String?
        /// What went wrong before anything could be decoded.
        public var failures: [VPDError] = []

        /// Nothing.
        public init() {}
    }

    /// The designators of page 0x83, of the unit and of its ports.
    public let designators: [Designator]
    /// The serial number of page 0x80, for people.
    public let unitSerial: String?
    /// The names of an NVMe namespace.
    public let nvme: NVMeIdentifiers?
    /// The serial number of a virtio disk.
    public let virtioSerial: String?
    /// What is wrong with the pages, in the order they were read.
    public let problems: [VPDError]
    /// Every identity that could be read, the best first.
    public let all: [DiskIdentity]
    /// The disk's identity; nil where it has none, or where a page is damaged: then nothing of it is believed.
    public let identity: DiskIdentity?
    /// What udev's `ID_SERIAL` is by `scsi_id`: usually, not always, the identity.
    public let scsiID: String?

    /// Decodes what was read.
    public init(_ evidence: Evidence) {
        var problems = evidence.failures
        var all: [DiskIdentity] = []
        var designators: [Designator] = []
        var scsiID: String?
        if let bytes = evidence.deviceIdentification {
            do throws(VPDError) {
                let page = try DeviceIdentificationPage(bytes)
                designators = page.designators
                scsiID = SCSIText.scsiID(page, vendor: evidence.vendor, model: evidence.model).map(SCSIText.replaced)
                all.append(try page.identity())
            } catch { problems.append(error) }
        }
        var unitSerial: String?
        if let bytes = evidence.unitSerialNumber {
            do throws(VPDError) {
                let page = try UnitSerialNumberPage(bytes)
                unitSerial = page.text
                all.append(try page.identity(vendor: evidence.vendor, model: evidence.model))
            } catch { problems.append(error) }
        }
        if let identity = evidence.nvme?.identity { all.append(identity) }
        if let serial = evidence.virtioSerial.map({ SCSIText.replaced(Array($0.utf8)) }), !serial.isEmpty,
            let identity = DiskIdentity(rawValue: "virtio-\(serial)")
        {
            all.append(identity)
        }
        self.designators = designators
        self.unitSerial = unitSerial
        self.scsiID = scsiID
        nvme = evidence.nvme
        virtioSerial = evidence.virtioSerial
        self.problems = problems
        self.all = all
        identity = problems.contains(where: \.isDamage) ? nil : all.first
    }

    /// No answer at all.
    public static let none = DiskIdentifiers(Evidence())
}
