// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import LinuxSystem
import StoragePrimitives

extension LinuxHost {
    /// What firmware calls itself, by hypervisor. The product decides where one vendor makes both.
    private static let products: [(text: String, hypervisor: String)] = [
        ("VMware", "VMware"), ("VirtualBox", "VirtualBox"), ("innotek GmbH", "VirtualBox"), ("KVM", "KVM"),
        ("KubeVirt", "KVM"), ("OpenStack", "KVM"), ("QEMU", "QEMU"), ("Bochs", "Bochs"), ("AHV", "Nutanix AHV"),
        ("Google Compute Engine", "Google Compute Engine"), ("Amazon EC2", "Amazon EC2"), ("Parallels", "Parallels"),
        ("BHYVE", "bhyve"), ("HVM domU", "Xen"), ("Virtual Machine", "Hyper-V"), ("RHEV", "KVM"), ("oVirt", "KVM"),
    ]

    /// Whether it is a virtual machine, and of which hypervisor.
    ///
    /// Source: the kernel's `dmi-id` (sysfs), `/sys/hypervisor/type`, the processor flag `hypervisor` (CPUID leaf 1, ECX
    /// bit 31), `/proc/device-tree/hypervisor`, `/proc/xen/capabilities`.
    public func platform() throws -> PlatformFacts {
        var names: [String] = []
        for file in ["sys_vendor", "product_name", "board_vendor", "bios_vendor"] {
            if let text = try tree.text("/sys/class/dmi/id/\(file)", limit: 4096)?.trimmed, !text.isEmpty {
                names.append(text)
            }
        }
        let product = names.isEmpty ? nil : names.prefix(2).joined(separator: " ")
        // Xen's first domain is the host, though it runs on the hypervisor.
        if try tree.text("/proc/xen/capabilities")?.contains("control_d") == true {
            return PlatformFacts(isVirtual: false, product: product)
        }
        let processors = try tree.text("/proc/cpuinfo", limit: 16 << 20) ?? ""
        let flags = processors.split(separator: "\n").first { $0.hasPrefix("flags") } ?? ""
        let hasFlag = flags.split(separator: " ").contains("hypervisor")
        if let type = try tree.text("/sys/hypervisor/type", limit: 4096)?.trimmed, !type.isEmpty {
            return PlatformFacts(isVirtual: true, hypervisor: type == "xen" ? "Xen" : type, product: product)
        }
        if let compatible = try tree.text("/proc/device-tree/hypervisor/compatible", limit: 4096) {
            let name = compatible.contains("kvm") ? "KVM" : compatible.contains("xen") ? "Xen" : nil
            return PlatformFacts(isVirtual: true, hypervisor: name, product: product)
        }
        let known = Self.products.first { entry in names.contains { $0.contains(entry.text) } }
        // On x86 the flag decides: a cloud's bare-metal machine has the cloud's name and no hypervisor.
        let isVirtual = flags.isEmpty ? known != nil : hasFlag
        return PlatformFacts(isVirtual: isVirtual, hypervisor: isVirtual ? known?.hypervisor : nil, product: product)
    }

    /// Which machine it is, by its files.
    ///
    /// Source: machine-id(5); SMBIOS's system UUID by the kernel's `dmi-id`, which only root may read.
    func currentIdentity() throws -> HostIdentity {
        let machine = try tree.text("/etc/machine-id", limit: 4096)?.trimmed ?? ""
        guard machine.count == 32, machine.allSatisfy(\.isHexDigit) else {
            throw HealthError(
                .malformedSource, "/etc/machine-id holds no id; 'systemd-machine-id-setup' makes one.")
        }
        let product = try tree.text("/sys/class/dmi/id/product_uuid", limit: 4096)?.trimmed
        return HostIdentity(machineID: machine, productID: product.flatMap { $0.isEmpty ? nil : $0 })
    }
}

extension String {
    /// Without blanks and ends of line around it.
    var trimmed: String {
        String(drop(while: \.isWhitespace).reversed().drop(while: \.isWhitespace).reversed())
    }
}
