// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors
//
// The agent and mtctl are one file with two names: nearly all of either is in the other too, and half the room is saved.
// The name that the program is called by tells which of them it is.

#include <string.h>

int mastertargetd_main(int count, char **arguments);
int mtctl_main(int count, char **arguments);

int main(int count, char **arguments) {
    const char *name = count > 0 ? strrchr(arguments[0], '/') : 0;
    name = name ? name + 1 : count > 0 ? arguments[0] : "";
    return strcmp(name, "mastertargetd") == 0 ? mastertargetd_main(count, arguments) : mtctl_main(count, arguments);
}
