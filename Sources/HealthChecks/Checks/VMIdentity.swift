// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

extension HealthCheck {
    static let vmIdentity = HealthCheck(
        "vm.identity", "This is the machine that it was when it was set up.", needs: .identity,
        remedy: "Run it with the right to read /sys/class/dmi/id/product_uuid and the state folder."
    ) { identity, _ in
        var observations = Observations()
        let (now, then) = (identity.current, identity.recorded)
        if !now.hasProduct(of: then) {
            observations.note(
                .critical,
                "The hardware's id was \(then.productID ?? "none") and is \(now.productID ?? "none"): the machine was "
                    + "cloned, or moved to other hardware.",
                remedy: "Do not run two copies of one master target: shut down the other one, then accept this "
                    + "machine's "
                    + "identity with 'mtctl host accept-identity'.")
        }
        if now.machineID != then.machineID {
            observations.note(
                .critical,
                "/etc/machine-id is not what it was: the system was installed anew or its disk was "
                    + "exchanged.",
                remedy: "If that was intended, accept it with 'mtctl host accept-identity'.")
        }
        return observations.finding(otherwise: "The machine's id and its hardware's are those that were recorded.")
    }
}
