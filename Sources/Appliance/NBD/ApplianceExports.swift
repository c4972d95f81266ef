// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import NBDServer

/// What NBD clients find on the network: the disks of groups that are fed over NBD, to write to, as `GROUP/SOURCE`. A
/// preview is served where it listens, and nowhere else.
struct ApplianceExports: NBDDirectory {
    let groups: GroupRegistry
    let revoked: RevokedCertificates
    let workers: NBDWorkers

    func list(for peer: NBDPeer) -> [(name: String, description: String)] {
        if isRevoked(peer) { return [] }
        let fed = groups.all().filter { $0.record.isFedOverNBD == true && $0.refusal(of: peer) == nil }
        return fed.flatMap { group in group.exportNames.map { ($0, "written to as it is protected") } }
    }

    func find(_ name: String, for peer: NBDPeer, then: @escaping @Sendable (NBDFinding) -> Void) {
        if isRevoked(peer) { return then(.refused("the certificate was taken back")) }
        guard let slash = name.firstIndex(of: "/"), let group = groups.find(String(name[..<slash])) else {
            return then(.unknown("exports are named GROUP/SOURCE: mtctl group list"))
        }
        let source = String(name[name.index(after: slash)...])
        // In turn with everything else that changes the group.
        group.control.run { [workers] in
            then(group.findExport(source, named: name, for: peer, workers: workers))
        }
    }

    func admits(_ peer: NBDPeer) -> Bool { !isRevoked(peer) }

    private func isRevoked(_ peer: NBDPeer) -> Bool {
        if case .certified(_, _, let serial) = peer { revoked.contains(serial) } else { false }
    }
}
