// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The Master Target authors
//
// Stops some threads of a process, and no others, until it is killed itself: stop-threads PID PREFIX stops those whose
// name begins with PREFIX, as a deadlock would. Source: man 2 ptrace, PTRACE_SEIZE and PTRACE_INTERRUPT.

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

static int has_prefix(const char *process, const char *thread, const char *prefix) {
    char path[512], name[64] = "";
    snprintf(path, sizeof path, "/proc/%s/task/%s/comm", process, thread);
    FILE *file = fopen(path, "r");
    if (file == NULL) return 0;
    int found = fgets(name, sizeof name, file) != NULL && strncmp(name, prefix, strlen(prefix)) == 0;
    fclose(file);
    return found;
}

int main(int count, char **arguments) {
    if (count != 3) return 2;
    char path[64];
    snprintf(path, sizeof path, "/proc/%s/task", arguments[1]);
    DIR *threads = opendir(path);
    if (threads == NULL) return 1;
    int stopped = 0;
    for (struct dirent *entry; (entry = readdir(threads)) != NULL;) {
        if (entry->d_name[0] == '.' || !has_prefix(arguments[1], entry->d_name, arguments[2])) continue;
        pid_t thread = (pid_t)atoi(entry->d_name);
        if (ptrace(PTRACE_SEIZE, thread, NULL, NULL) != 0) continue;
        if (ptrace(PTRACE_INTERRUPT, thread, NULL, NULL) != 0) continue;
        if (waitpid(thread, NULL, __WALL) == thread) stopped++;
    }
    closedir(threads);
    printf("stopped %d threads\n", stopped);
    fflush(stdout);
    // A thread that is killed ends; nobody else is to be told.
    while (waitpid(-1, NULL, __WALL) > 0) {}
    return 0;
}
