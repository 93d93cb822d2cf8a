/*
 * What the model leaves out, or says of the kernel's own files, asked of the kernel itself: `facts NAME` prints what it
 * saw, and nothing else. It runs as PID 1 of a private namespace with a pid_max of 400.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static pid_t child_that_exits(void) {
  pid_t pid = fork();
  if (pid == 0) _exit(0);
  siginfo_t info;
  waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT); /* a zombie by now */
  return pid;
}

/* K13: does a PID come again although a pidfd and an open /proc/PID are held? */
static void held_open(void) {
  char path[32];
  pid_t held = 0;
  while (held < 350) { /* those below 300 never come again after the first pass (K3) */
    held = child_that_exits();
    if (held < 350) waitpid(held, NULL, 0);
  }
  snprintf(path, sizeof path, "/proc/%d", held);
  int pidfd = (int)syscall(SYS_pidfd_open, held, 0), folder = open(path, O_RDONLY);
  waitpid(held, NULL, 0);
  int again = 0;
  for (int n = 0; n < 200 && !again; n++) {
    pid_t pid = child_that_exits();
    again = pid == held;
    waitpid(pid, NULL, 0);
  }
  printf("%s %s\n", pidfd >= 0 && folder >= 0 ? "open" : "not open", again ? "reused" : "not reused");
}

/* K16: with SIGCHLD ignored, is a child with another exit signal reaped by the kernel? Does waitpid find it without __WALL? */
static void other_exit_signal(void) {
  signal(SIGCHLD, SIG_IGN);
  pid_t usual = fork();
  if (usual == 0) _exit(0);
  pid_t other = (pid_t)syscall(SYS_clone, SIGUSR1, 0, 0, 0, 0);
  if (other == 0) _exit(0);
  signal(SIGUSR1, SIG_IGN);
  usleep(200000);
  int usual_stays = kill(usual, 0) == 0, other_stays = kill(other, 0) == 0;
  int found = waitpid(other, NULL, WNOHANG) == other;
  int found_with_all = waitpid(other, NULL, WNOHANG | __WALL) == other;
  printf("usual %s, other %s, waitpid %s, with __WALL %s\n", usual_stays ? "stays" : "reaped", other_stays ? "stays" : "reaped",
         found ? "finds it" : "does not", found_with_all ? "finds it" : "does not");
}

static int has_line(pid_t pid, const char *file, const char *start) {
  char path[64], line[512];
  int found = 0;
  snprintf(path, sizeof path, "/proc/%d/%s", pid, file);
  FILE *stream = fopen(path, "r");
  while (stream && fgets(line, sizeof line, stream)) found |= strncmp(line, start, strlen(start)) == 0;
  if (stream) fclose(stream);
  return found;
}

/* K42: has a zombie memory, or files? */
static void zombie_memory(void) {
  char path[64];
  pid_t pid = child_that_exits();
  snprintf(path, sizeof path, "/proc/%d/fd/0", pid);
  printf("memory %s, file %s, parent's memory %s\n", has_line(pid, "status", "VmRSS:") ? "yes" : "no",
         access(path, F_OK) == 0 ? "yes" : "no", has_line(getpid(), "status", "VmRSS:") ? "yes" : "no");
}

/* K47: does a parent see a zombie that a sibling is tracing, before and after the tracer lets go? */
static void traced_zombie(void) {
  int go[2], let_go[2];
  char byte;
  if (pipe(go) != 0 || pipe(let_go) != 0) exit(1);
  pid_t child = fork();
  if (child == 0) {
    if (read(go[0], &byte, 1) < 0) {}
    _exit(7);
  }
  pid_t tracer = fork();
  if (tracer == 0) {
    siginfo_t info;
    if (ptrace(PTRACE_SEIZE, child, 0, 0) != 0) _exit(1);
    if (write(go[1], "g", 1) < 0) {}
    waitid(P_PID, (id_t)child, &info, WEXITED | WNOWAIT); /* it has died, and is kept */
    if (write(let_go[1], "x", 1) < 0) {}
    pause();
  }
  if (read(let_go[0], &byte, 1) < 0) {}
  int before = waitpid(child, NULL, WNOHANG) == child;
  kill(tracer, SIGKILL);
  waitpid(tracer, NULL, 0);
  int after = waitpid(child, NULL, 0) == child;
  printf("before %s, after %s\n", before ? "seen" : "hidden", after ? "seen" : "hidden");
}

/* K48: which cgroup of the pids controller does a live child's /proc/PID/cgroup name, and which a zombie's? */
static void print_cgroup(pid_t pid) {
  char path[64], line[512];
  snprintf(path, sizeof path, "/proc/%d/cgroup", pid);
  FILE *stream = fopen(path, "r");
  while (stream && fgets(line, sizeof line, stream)) {
    char *controllers = strchr(line, ':'), *group = controllers ? strchr(controllers + 1, ':') : NULL;
    if (!group) continue;
    *group = 0;
    if (strcmp(controllers + 1, "pids") == 0 || (controllers[1] == 0 && line[0] == '0')) printf("%s %s", controllers + 1, group + 1);
  }
  if (stream) fclose(stream);
}

static void zombie_cgroup(void) {
  print_cgroup(getpid());
  print_cgroup(child_that_exits());
}

int main(int argc, char **argv) {
  const struct { const char *name; void (*ask)(void); } facts[] = {
      {"K13", held_open}, {"K16", other_exit_signal}, {"K42", zombie_memory}, {"K47", traced_zombie}, {"K48", zombie_cgroup}};
  for (size_t i = 0; i < sizeof facts / sizeof *facts; i++)
    if (argc == 2 && strcmp(argv[1], facts[i].name) == 0) facts[i].ask();
  return 0;
}
