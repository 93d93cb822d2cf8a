/*
 * tracer: what the lab needs of ptrace. Signals are seen where the kernel hands them over, so also those that the process
 * ignores or handles; swallowed, they change nothing for it. The exit is the process' own exit_group: its threads, its
 * parent and its children see nothing unusual.
 */
#define _GNU_SOURCE
#include "tracer.h"
#include <dirent.h>
#include <elf.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ptrace.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>

#define THREADS_MAX 4096
static struct { pid_t thread, process; int swallow; } seized[THREADS_MAX];
static int seized_count;

static int note(pid_t thread, pid_t process, int swallow) {
  if (seized_count == THREADS_MAX) return -1;
  seized[seized_count].thread = thread;
  seized[seized_count].process = process;
  seized[seized_count++].swallow = swallow;
  return 0;
}

int tracer_seize(pid_t process, int swallow) {
  char path[64];
  struct dirent *entry;
  int count = 0;
  snprintf(path, sizeof path, "/proc/%d/task", process);
  DIR *dir = opendir(path);
  while (dir && (entry = readdir(dir))) {
    pid_t thread = atoi(entry->d_name);
    if (thread <= 0 || ptrace(PTRACE_SEIZE, thread, 0, PTRACE_O_TRACECLONE) != 0) continue;
    count += note(thread, process, swallow) == 0;
  }
  if (dir) closedir(dir);
  return count > 0 ? count : -1;
}

static int is_tried(int signal_number) {
  const int tried[] = {SIGTERM, SIGINT, SIGHUP, SIGQUIT, SIGUSR1, SIGUSR2};
  for (size_t i = 0; i < sizeof tried / sizeof *tried; i++)
    if (tried[i] == signal_number) return 1;
  return 0;
}

void tracer_stopped(pid_t thread, int status) {
  int event = status >> 16, signal_number = WSTOPSIG(status), i = 0;
  while (i < seized_count && seized[i].thread != thread) i++;
  if (event == PTRACE_EVENT_CLONE && i < seized_count) {
    unsigned long made = 0; /* it is seized as its maker is */
    if (ptrace(PTRACE_GETEVENTMSG, thread, 0, &made) == 0) note((pid_t)made, seized[i].process, seized[i].swallow);
  }
  if (event != 0) signal_number = 0;
  if (signal_number != 0 && i < seized_count && is_tried(signal_number)) {
    printf("caught %d %d\n", seized[i].process, signal_number);
    if (seized[i].swallow) signal_number = 0;
  }
  ptrace(PTRACE_CONT, thread, 0, signal_number);
}

/* Puts a system call instruction where the process is, and the call's number and argument where it looks for them. */
static int call_exit_group(pid_t process, int status) {
#if defined(__x86_64__)
  struct user_regs_struct regs;
  struct iovec vector = {&regs, sizeof regs};
  if (ptrace(PTRACE_GETREGSET, process, NT_PRSTATUS, &vector) != 0) return errno;
  if (vector.iov_len != sizeof regs) return ENOSYS; /* a 32-bit process */
  const unsigned long at = regs.rip, instruction = 0x050f, mask = 0xffff;
  regs.rax = 231, regs.rdi = (unsigned long)status, regs.orig_rax = -1UL;
#elif defined(__aarch64__)
  struct user_regs_struct regs;
  struct iovec vector = {&regs, sizeof regs};
  int no_call = -1;
  struct iovec call = {&no_call, sizeof no_call};
  if (ptrace(PTRACE_GETREGSET, process, NT_PRSTATUS, &vector) != 0) return errno;
  if (vector.iov_len != sizeof regs) return ENOSYS;
  const unsigned long at = regs.pc, instruction = 0xd4000001, mask = 0xffffffff;
  regs.regs[8] = 94, regs.regs[0] = (unsigned long)status;
  ptrace(PTRACE_SETREGSET, process, 0x404 /* NT_ARM_SYSTEM_CALL */, &call);
#else
  return ENOSYS;
#endif
#if defined(__x86_64__) || defined(__aarch64__)
  errno = 0;
  unsigned long word = (unsigned long)ptrace(PTRACE_PEEKTEXT, process, at, 0);
  if (errno || ptrace(PTRACE_POKETEXT, process, at, (word & ~mask) | instruction) != 0) return errno;
  return ptrace(PTRACE_SETREGSET, process, NT_PRSTATUS, &vector) == 0 ? 0 : errno;
#endif
}

int tracer_exit(pid_t process, int status) {
  int stop, result;
  if (ptrace(PTRACE_SEIZE, process, 0, 0) != 0 || ptrace(PTRACE_INTERRUPT, process, 0, 0) != 0) return errno;
  if (waitpid(process, &stop, __WALL) != process || !WIFSTOPPED(stop)) return ESRCH;
  result = call_exit_group(process, status);
  return ptrace(PTRACE_DETACH, process, 0, 0) == 0 ? result : errno;
}
