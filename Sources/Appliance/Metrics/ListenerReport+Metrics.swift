// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors

import ControlAPI
import MetricsEndpoint

extension ListenerReport {
    /// Takes over what the listener for metrics said.
    mutating func take(_ state: MetricsListener.State) {
        switch state {
        case .listening(let port):
            self.port = port
            isListening = true
            problem = nil
        case .down(let sentence):
            isListening = false
            problem = sentence
        }
    }
}
