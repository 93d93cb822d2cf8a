/* Signals that reach a process, and an exit made for it: both by ptrace, from outside. */
#ifndef TRACER_H
#define TRACER_H
#include <sys/types.h>

/* Watches all threads of a process: each signal is reported, and kept from it if `swallow`. How many; -1: refused. */
int tracer_seize(pid_t process, int swallow);
/* A tracee has stopped, as waitpid told: reports a signal and lets it go on. */
void tracer_stopped(pid_t thread, int status);
/* Makes the process call exit_group(status). 0, or an errno. */
int tracer_exit(pid_t process, int status);
#endif
