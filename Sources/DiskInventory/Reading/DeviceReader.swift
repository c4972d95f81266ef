// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import StoragePrimitives

/// Reads one block device out of sysfs.
///
/// Source: the kernel's ABI documentation, `sysfs-block`, `sysfs-class-block-queue`, `sysfs-block-dm`.
struct DeviceReader {
    let tree: SysfsTree
    let inquiry: any InquirySource

    /// The device, or nil where it has gone.
    func disk(_ name: String) -> Disk? {
        // Resolved once: the link is long, and every attribute would walk it again.
        let block = tree.resolved("/sys/block/\(name)") ?? "/sys/block/\(name)"
        // A hidden device is the kernel's own path to an NVMe namespace that has another device for everybody.
        guard !tree.flag("\(block)/hidden"), let number = tree.text("\(block)/dev").flatMap({ DeviceNumber($0) }) else {
            return nil
        }
        let device = tree.resolved("\(block)/device")
        let kind = kind(name, block: block, device: device)
        var disk = Disk(name: name, deviceNumber: number, kind: kind, size: size(block))
        disk.logicalBlockSize = blockSize("\(block)/queue/logical_block_size") ?? 512
        disk.physicalBlockSize = blockSize("\(block)/queue/physical_block_size") ?? disk.logicalBlockSize
        disk.isReadOnly = tree.flag("\(block)/ro")
        disk.isRotational = tree.flag("\(block)/queue/rotational")
        disk.isRemovable = tree.flag("\(block)/removable")
        disk.holders = tree.names("\(block)/holders")
        disk.slaves = tree.names("\(block)/slaves")
        if name.hasPrefix("dm-") {
            disk.mapName = tree.text("\(block)/dm/name")
            disk.mapUUID = tree.text("\(block)/dm/uuid")
        }
        disk.backingFile = kind == .loop ? tree.text("\(block)/loop/backing_file") : nil
        disk.transport = transport(kind, block: block, device: device)
        if disk.size > .zero { disk.partitions = partitions(of: name, block: block) }
        switch kind {
        case .scsi, .optical: readSCSI(&disk, block: block, device: device)
        case .nvme: readNVMe(&disk, block: block)
        case .virtio:
            var evidence = DiskIdentifiers.Evidence()
            evidence.virtioSerial = tree.text("\(block)/serial")
            disk.identifiers = DiskIdentifiers(evidence)
            disk.serialNumber = evidence.virtioSerial
        case .multipathMap, .deviceMapper, .softwareRAID, .loop, .other: break
        }
        return disk
    }

    /// Sizes in sysfs are in sectors of 512 bytes, whatever the disk's are.
    private func size(_ block: String) -> ByteCount {
        let (bytes, overflow) = (tree.number("\(block)/size") ?? 0).multipliedReportingOverflow(by: 512)
        return overflow ? .zero : ByteCount(bytes)
    }

    private func blockSize(_ path: String) -> Int? {
        tree.number(path).flatMap { Int(exactly: $0) }.flatMap { (1...(1 << 30)).contains($0) ? $0 : nil }
    }

    private func kind(_ name: String, block: String, device: String?) -> Disk.Kind {
        if name.hasPrefix("dm-") {
            return tree.text("\(block)/dm/uuid")?.hasPrefix("mpath-") == true ? .multipathMap : .deviceMapper
        }
        if name.hasPrefix("loop") { return .loop }
        if name.hasPrefix("md"), tree.exists("\(block)/md") { return .softwareRAID }
        if name.hasPrefix("nvme") { return .nvme }
        if let device {
            let last = device.split(separator: "/").last ?? ""
            if last.hasPrefix("virtio") { return .virtio }
            if SCSIAddress(last) != nil {
                // Peripheral device types 0 and 14 are disks, 5 is a CD (SPC-4, table 142).
                let type = tree.number("\(block)/device/type") ?? 0
                return type == 5 ? .optical : type == 0 || type == 14 ? .scsi : .other
            }
        }
        return .other
    }

    private func transport(_ kind: Disk.Kind, block: String, device: String?) -> Disk.Transport {
        switch kind {
        case .multipathMap, .deviceMapper, .softwareRAID, .loop: return .none
        case .virtio: return .virtio
        case .nvme:
            return tree.text("\(block)/device/transport").map { $0 == "pcie" ? .nvmePCIe : .nvmeFabrics } ?? .other
        case .other: return .other
        case .scsi, .optical:
            guard let device else { return .other }
            for (part, transport) in [
                ("/rport-", Disk.Transport.fibreChannel), ("/session", .iSCSI), ("/end_device-", .sas), ("/usb", .usb),
                ("/ata", .ata), ("/virtio", .virtio),
            ] where device.contains(part) { return transport }
            // What hangs directly below its host has neither ports nor a fabric: one bus.
            return device.hasPrefix("/sys/devices/pci") ? .virtual : .other
        }
    }

    private func partitions(of name: String, block: String) -> [Partition] {
        tree.names(block).compactMap { entry in
            guard entry.hasPrefix(name), tree.exists("\(block)/\(entry)/partition"),
                let number = tree.text("\(block)/\(entry)/dev").flatMap({ DeviceNumber($0) })
            else { return nil }
            let (start, overflow) = (tree.number("\(block)/\(entry)/start") ?? 0).multipliedReportingOverflow(by: 512)
            var partition = Partition(
                name: entry, deviceNumber: number, start: ByteOffset(overflow ? 0 : start),
                size: size("\(block)/\(entry)"))
            partition.holders = tree.names("\(block)/\(entry)/holders")
            return partition
        }
    }

    private func readSCSI(_ disk: inout Disk, block: String, device: String?) {
        disk.address = device?.split(separator: "/").last.flatMap { SCSIAddress($0) }
        var evidence = DiskIdentifiers.Evidence()
        // The kernel prints vendor and model with their padding, which belongs to the text of the identity.
        evidence.vendor = line("\(block)/device/vendor")
        evidence.model = line("\(block)/device/model")
        disk.vendor = nonEmpty(SCSIText.readable(evidence.vendor))
        disk.model = nonEmpty(SCSIText.readable(evidence.model))
        disk.revision = tree.text("\(block)/device/rev")
        // Source: the kernel's drivers/scsi/scsi_sysfs.c, `sdev_states`.
        disk.isOffline = ["offline", "transport-offline", "blocked"].contains(tree.text("\(block)/device/state"))
        evidence.deviceIdentification = tree.bytes("\(block)/device/vpd_pg83")
        evidence.unitSerialNumber = tree.bytes("\(block)/device/vpd_pg80")
        if disk.kind == .scsi, evidence.deviceIdentification == nil || evidence.unitSerialNumber == nil {
            askDevice(disk.devnode, block: block, &evidence)
        }
        disk.identifiers = DiskIdentifiers(evidence)
        disk.serialNumber = disk.identifiers.unitSerial.flatMap(nonEmpty)
    }

    /// What sysfs does not have is asked of the device, and only what it says it has: some answer a page that they do
    /// not have with something else.
    private func askDevice(_ devnode: String, block: String, _ evidence: inout DiskIdentifiers.Evidence) {
        do {
            let list = try tree.bytes("\(block)/device/vpd_pg0") ?? inquiry.page(VPDPage.supportedPages, of: devnode)
            // A device without a list of pages, or with one that is none, has no pages: an answer, not an error.
            guard let list, let supported = try? VPDPage.supported(by: list) else { return }
            if evidence.deviceIdentification == nil, supported.contains(VPDPage.deviceIdentification) {
                evidence.deviceIdentification = try inquiry.page(VPDPage.deviceIdentification, of: devnode)
            }
            if evidence.unitSerialNumber == nil, supported.contains(VPDPage.unitSerialNumber) {
                evidence.unitSerialNumber = try inquiry.page(VPDPage.unitSerialNumber, of: devnode)
            }
        } catch {
            evidence.failures.append(.unreadable(page: VPDPage.deviceIdentification, reason: "\(error)"))
        }
    }

    private func readNVMe(_ disk: inout Disk, block: String) {
        var evidence = DiskIdentifiers.Evidence()
        evidence.nvme = NVMeIdentifiers(
            nguid: tree.text("\(block)/nguid"), eui64: tree.text("\(block)/eui"), uuid: tree.text("\(block)/uuid"))
        disk.identifiers = DiskIdentifiers(evidence)
        disk.model = tree.text("\(block)/device/model")
        disk.serialNumber = tree.text("\(block)/device/serial")
        disk.revision = tree.text("\(block)/device/firmware_rev")
    }

    private func line(_ path: String) -> [UInt8] {
        var bytes = tree.bytes(path) ?? []
        if bytes.last == UInt8(ascii: "\n") { bytes.removeLast() }
        return bytes
    }

    private func nonEmpty(_ text: String) -> String? { text.isEmpty ? nil : text }
}
