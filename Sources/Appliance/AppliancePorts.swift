// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import DiskInventory
import Multipath

/// Where an appliance meets the machine it runs on, as far as a test stands in for that.
package struct AppliancePorts: Sendable {
    /// The block devices.
    package var disks: any DiskSource = SystemDiskSource()
    /// Whether a device may become a target.
    package var rules = TargetRules()
    /// Who keeps others off bound disks.
    package var keepers: DiskDesk.Guard = .system
    /// multipathd.
    package var multipath: any MultipathDaemon = MultipathSocket()
    /// What the services' pauses are measured by.
    package var pauses: any Clock<Duration> = ContinuousClock()

    /// This machine.
    package init() {}
}
