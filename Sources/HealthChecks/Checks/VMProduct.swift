// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

extension HealthCheck {
    static let vmProduct = HealthCheck(
        "vm.product", "The machine is virtual, on a hypervisor that is known.", needs: .platform
    ) { platform, _ in
        let product = platform.product.map { " (\($0))" } ?? ""
        guard platform.isVirtual else {
            return Finding(
                .warning, "This is a physical machine\(product).",
                remedy: "Run the master target as a virtual machine on the host that owns the targets' virtual disks.")
        }
        guard let hypervisor = platform.hypervisor else {
            return Finding(
                .warning, "This is a virtual machine of a hypervisor that is not known\(product).",
                remedy: "Make sure that the hypervisor gives every virtual disk an identity that it keeps.")
        }
        return Finding(.ok, "This is a virtual machine on \(hypervisor)\(product).")
    }
}
