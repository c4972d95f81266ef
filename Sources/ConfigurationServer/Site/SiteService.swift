// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import ConfigurationAPI
import ControlAPI

/// The operations of a site: what the interface and the console do, each for an operator who was let in.
///
/// - Throws: Everything throws ``ConfigurationFailure``, with `.notFound` for what is not there.
package protocol SiteService: Sendable {
    /// Every server, by name, without its heartbeat.
    func servers() async throws -> ServerList
    /// One server with its last heartbeat.
    func server(_ hostID: String) async throws -> ServerReport

    func policies() async throws -> SitePolicyList
    func policy(_ name: String) async throws -> SitePolicy
    /// Makes or changes a policy; groups that have it follow.
    func save(_ policy: SitePolicy, by operator: String) async throws
    /// `.conflict` while a group has it.
    func deletePolicy(_ name: String, by operator: String) async throws

    func machines() async throws -> SiteMachineList
    func machine(_ name: String) async throws -> SiteMachine
    /// Makes or changes a machine; `.conflict` for other disks while its group is placed.
    func save(_ machine: SiteMachine, by operator: String) async throws
    /// `.conflict` while it is in a group.
    func deleteMachine(_ name: String, by operator: String) async throws

    func groups() async throws -> SiteGroupList
    func group(_ name: String) async throws -> SiteGroupReport
    /// Makes or changes a group; `.conflict` for other machines while it is placed.
    func save(_ group: SiteGroup, by operator: String) async throws -> SiteGroupReport
    /// `.conflict` while it is placed.
    func deleteGroup(_ name: String, by operator: String) async throws

    /// What can be recovered to, asked of the master target now.
    func points(of group: String) async throws -> PointList
    /// Which point a reference means, and what it would lose, asked of the master target now.
    func resolve(_ point: PointReference, of group: String) async throws -> ResolvedPoint

    /// What stands against an operation; nothing is begun.
    func check(_ operation: SiteOperation, on group: String) async throws -> SiteFindingList
    /// Begins an operation; `.conflict` while another job works on the group, with whose it is.
    func begin(_ operation: SiteOperation, on group: String, by operator: String) async throws -> SiteJobReport

    /// The newest first; of one group, or of all.
    func jobs(of group: String?) async throws -> SiteJobList
    func job(_ id: String) async throws -> SiteJobReport
    /// `.conflict` when it has ended, or is past the step that can be undone.
    func cancelJob(_ id: String, by operator: String) async throws -> SiteJobReport
    /// `.conflict` unless it failed and is the group's last.
    func retryJob(_ id: String, by operator: String) async throws -> SiteJobReport
}
