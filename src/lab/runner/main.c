/*
 * The supervisor.
 *
 *   pidsim-litmus run         reads what to do from stdin (src/lab/encode.ts), writes what came of it to stdout
 *   pidsim-litmus resume …    is what a program's `exec` executes
 *
 * It makes a private pids cgroup and a PID namespace, waits for the conductor in it, and takes both away again: at the
 * end, on SIGINT, SIGTERM and SIGHUP, when its parent dies, and when time is up. Killing the conductor is enough: it is
 * PID 1 of a namespace, so the kernel kills everything inside, nested namespaces included.
 *
 * Exit status: 0 done, 2 bad input, 3 the machine lacks something (named on stderr), 70 the runner failed, 143 ended.
 */
#include "world.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { STATUS_INPUT = 2, STATUS_MISSING = 3, STATUS_FAILED = 70, STATUS_ENDED = 143 };
enum { NICE = -5 };
enum { GRACE_MS = 5000 }; /* to look at a world that never came to rest */

struct world *world;

static void leave(int status, const char *what) {
  fprintf(stderr, "%s\n", what);
  exit(status);
}

static void leave_errno(int status, const char *what) {
  fprintf(stderr, "%s: %s\n", what, strerror(errno));
  exit(status);
}

/* ---- input: words separated by white space; texts percent-encoded ---- */

static int word_count, text_length;

static long long read_number(void) {
  long long value;
  if (scanf("%lld", &value) != 1) leave(STATUS_INPUT, "bad input: a number is missing");
  return value;
}

static void expect_word(const char *expected) {
  char word[64];
  if (scanf("%63s", word) != 1 || strcmp(word, expected) != 0) leave(STATUS_INPUT, "bad input: unknown section");
}

static int keep_word(int word) {
  if (word_count == WORDS_MAX) leave(STATUS_INPUT, "bad input: the programs are too long");
  world->words[word_count] = word;
  return word_count++;
}

static int hex(char digit) {
  return digit <= '9' ? digit - '0' : (digit | 32) - 'a' + 10;
}

/* Returns the offset in `text`; a lone `-` is the empty text. */
static int read_text(void) {
  char word[4096];
  if (scanf("%4095s", word) != 1) leave(STATUS_INPUT, "bad input: a text is missing");
  if (text_length + (int)strlen(word) + 1 > TEXT_MAX) leave(STATUS_INPUT, "bad input: too much text");
  int offset = text_length;
  for (const char *at = strcmp(word, "-") == 0 ? "" : word; *at != 0; at++) {
    if (at[0] == '%' && at[1] != 0 && at[2] != 0) {
      world->text[text_length++] = (char)(hex(at[1]) << 4 | hex(at[2]));
      at += 2;
    } else {
      world->text[text_length++] = *at;
    }
  }
  world->text[text_length++] = 0;
  return offset;
}

static int bounded(long long value, long long low, long long high, const char *what) {
  if (value < low || value > high) leave(STATUS_INPUT, what);
  return (int)value;
}

/* 0: the kernel has one pid_max for all namespaces (before Linux 6.14), and it stays as it is. */
static int read_pid_max(void) {
  int limit = bounded(read_number(), 0, 32768, "bad input: pid_max");
  if (limit > 0 && limit < 301) leave(STATUS_INPUT, "bad input: pid_max");
  return limit;
}

static void read_program(struct program *program) {
  program->comm = read_text();
  program->code = word_count;
  for (int n = read_number(); n > 0; n--) keep_word(read_number());
  program->durations = word_count;
  for (int n = read_number(); n > 0; n--) {
    long long us = read_number();
    keep_word((int)(us & 0xffffffff));
    keep_word((int)(us >> 32));
  }
  program->probabilities = word_count;
  for (int n = read_number(); n > 0; n--) keep_word(read_number());
  program->comms = word_count;
  for (int n = read_number(); n > 0; n--) keep_word(read_text());
  bounded(read_number(), 0, LABELS_MAX, "bad input: too many labels");
  bounded(read_number(), 0, LOOPS_MAX, "bad input: loops too deep");
  program->command = word_count;
  program->command_count = bounded(read_number(), 0, 60, "bad input: too many arguments");
  for (int n = program->command_count; n > 0; n--) keep_word(read_text());
}

static void read_world(void) {
  expect_word("litmus");
  world->bound_ms = bounded(read_number(), 1, 3600000, "bad input: bound");
  world->settle_ms = bounded(read_number(), 0, 60000, "bad input: settle time");
  world->cpu = bounded(read_number(), -1, 1023, "bad input: cpu");
  world->until_us = read_number();
  world->outside_pid_max = read_pid_max();
  world->pids_max = bounded(read_number(), -1, 100000, "bad input: pids.max");
  world->guard_max = bounded(read_number(), 1, 100000, "bad input: guard");
  world->nproc_max = bounded(read_number(), -1, 100000, "bad input: nproc");
  world->uid = 1000000 + getpid(); /* nobody else's: the limit counts all processes of the user */
  world->cgroup_v2 = read_number() == 2;
  strcpy(world->cgroup, "");
  int path = read_text();
  snprintf(world->cgroup, sizeof world->cgroup, "%s", world->text + path);
  world->subreaper_outside = read_number() != 0;
  world->hold_init = read_number() != 0;
  world->jitter = read_number() != 0;
  expect_word("programs");
  world->program_count = bounded(read_number(), 1, PROGRAMS_MAX, "bad input: too many programs");
  for (int i = 0; i < world->program_count; i++) read_program(&world->programs[i]);
  world->init_program = bounded(read_number(), 0, world->program_count - 1, "bad input: init");
  expect_word("spaces");
  world->space_count = bounded(read_number(), 1, SPACES_MAX, "bad input: too many namespaces");
  for (int i = 0; i < world->space_count; i++) world->spaces[i].pid_max = read_pid_max();
  expect_word("entries");
  world->entry_count = bounded(read_number(), 0, ENTRIES_MAX, "bad input: too many entries");
  for (int i = 0; i < world->entry_count; i++) {
    struct entry *entry = &world->entries[i];
    entry->at_us = read_number();
    entry->program = bounded(read_number(), 0, world->program_count - 1, "bad input: program of an entry");
    entry->flags = (int)read_number();
    entry->space = bounded(read_number(), 0, world->space_count - 1, "bad input: namespace of an entry");
    entry->nest = bounded(read_number(), -1, world->space_count - 1, "bad input: nested namespace");
  }
}

/* ---- the shared page ---- */

static void make_world(void) {
  int fd = memfd_create("pidsim-litmus", 0);
  if (fd < 0 || ftruncate(fd, sizeof *world) != 0) leave_errno(STATUS_FAILED, "memfd_create");
  if (dup2(fd, WORLD_FD) < 0) leave_errno(STATUS_FAILED, "dup2");
  close(fd);
}

static void map_world(void) {
  world = mmap(NULL, sizeof *world, PROT_READ | PROT_WRITE, MAP_SHARED, WORLD_FD, 0);
  if (world == MAP_FAILED) leave_errno(STATUS_FAILED, "mmap");
}

/* ---- the private cgroup: CGROUP/pod for the programs, CGROUP/outside for what watches them ---- */

static int set_file(const char *directory, const char *name, const char *text) {
  char path[700];
  snprintf(path, sizeof path, "%s%s/%s", world->cgroup, directory, name);
  return write_file(path, text);
}

static void make_group(const char *directory, int limit) {
  char path[700], text[32] = "max";
  snprintf(path, sizeof path, "%s%s", world->cgroup, directory);
  if (mkdir(path, 0755) != 0) leave_errno(STATUS_MISSING, path);
  if (limit >= 0) snprintf(text, sizeof text, "%d", limit);
  if (set_file(directory, "pids.max", text) != 0) leave_errno(STATUS_MISSING, "pids.max of a private cgroup");
}

/* A group is busy for a moment after its last task has gone. */
static void remove_group(const char *directory) {
  char path[700];
  snprintf(path, sizeof path, "%s%s", world->cgroup, directory);
  for (int tries = 0; tries < 400 && rmdir(path) != 0 && errno == EBUSY; tries++) usleep(5000);
}

static void remove_groups(void) {
  remove_group("/pod");
  remove_group("/outside");
  remove_group("");
}

static void make_groups(void) {
  make_group("", world->guard_max);
  atexit(remove_groups);
  if (world->cgroup_v2 && set_file("", "cgroup.subtree_control", "+pids") != 0)
    leave_errno(STATUS_MISSING, "the pids controller of a private cgroup");
  make_group("/pod", world->pids_max);
  make_group("/outside", -1);
}

/* ---- watching over the conductor ---- */

static int64_t real_ms(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * 1000LL + now.tv_nsec / 1000000;
}

static pid_t start_conductor(void) {
  if (unshare(CLONE_NEWPID | CLONE_NEWNS) != 0) leave_errno(STATUS_MISSING, "unshare of a PID namespace (CAP_SYS_ADMIN)");
  if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0) leave_errno(STATUS_MISSING, "a private mount namespace");
  pid_t conductor = fork();
  if (conductor < 0) leave_errno(STATUS_MISSING, "fork into a PID namespace");
  if (conductor > 0) return conductor;
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, NULL);
  if (set_file("/outside", "cgroup.procs", "0") != 0) die("joining a private cgroup");
  if (dup2(1, RESULT_FD) < 0 || fcntl(RESULT_FD, F_SETFD, FD_CLOEXEC) != 0) die("dup2");
  _exit(conduct());
}

static void calm_group(const char *directory) {
  static char numbers[1 << 16];
  char path[700];
  struct sched_param parameter = {0};
  snprintf(path, sizeof path, "%s%s/cgroup.procs", world->cgroup, directory);
  if (read_file(path, numbers, sizeof numbers) <= 0) return;
  for (char *at = numbers; *at != 0; at += strspn(at, "\n")) sched_setscheduler(strtol(at, &at, 10), SCHED_OTHER, &parameter);
}

/*
 * Ends real time for all of them. The conductor may be kept from running, even from dying, by a program that never
 * blocks; now everybody has a turn. Several times, because of those that are born meanwhile.
 */
static void calm(void) {
  world->real_time = 0;
  for (int pass = 0; pass < 5; pass++) {
    calm_group("/outside");
    calm_group("/pod");
    usleep(2000);
  }
}

static void leave_real_time(void) {
  struct sched_param parameter = {0};
  sched_setscheduler(0, SCHED_OTHER, &parameter);
}

/* Without reaping it, which is not done in real time (world.h). */
static int has_ended(pid_t child) {
  siginfo_t info = {.si_pid = 0};
  return waitid(P_PID, child, &info, WEXITED | WNOHANG | WNOWAIT) == 0 && info.si_pid == child;
}

static int wait_for(pid_t conductor, const sigset_t *signals) {
  int64_t deadline = real_ms() + world->bound_ms + 500;
  int status = 0, called = 0, ended = 0;
  while (!has_ended(conductor)) {
    int64_t left = deadline - real_ms();
    struct timespec time = {left > 0 ? left / 1000 : 0, left > 0 ? left % 1000 * 1000000 : 0};
    int signal = sigtimedwait(signals, NULL, &time);
    if (signal == SIGCHLD || (signal < 0 && errno == EINTR)) continue;
    if (signal < 0 && !called) { /* time is up */
      world->expired = 1;
      calm();
      called = 1;
      deadline = real_ms() + GRACE_MS;
      continue;
    }
    if (signal > 0) ended = 1;
    kill(conductor, SIGKILL);
    calm();
    break;
  }
  leave_real_time();
  waitpid(conductor, &status, 0);
  if (ended) return STATUS_ENDED;
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0 && world->fault == 0) return 0;
  if (world->fault) fprintf(stderr, "%s\n", world->fault_text);
  else fprintf(stderr, "the conductor ended with status %d\n", status);
  return STATUS_FAILED;
}

static int supervise(void) {
  pid_t parent = getppid();
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGCHLD);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGHUP);
  sigprocmask(SIG_BLOCK, &signals, NULL);
  signal(SIGCHLD, SIG_DFL);
  signal(SIGPIPE, SIG_IGN);
  prctl(PR_SET_PDEATHSIG, SIGTERM);
  if (getppid() != parent) return STATUS_ENDED;
  make_world();
  map_world();
  read_world();
  make_groups();
  setpriority(PRIO_PROCESS, 0, NICE); /* where it is not real-time, a busy machine makes it slow */
  struct sched_param parameter = {.sched_priority = PRIORITY_SUPERVISOR};
  sched_setscheduler(0, SCHED_RR | SCHED_RESET_ON_FORK, &parameter); /* no program can keep it from ending it */
  return wait_for(start_conductor(), &signals);
}

int main(int argc, char **argv) {
  if (argc == 2 && strcmp(argv[1], "run") == 0) return supervise();
  if (argc == 6 && strcmp(argv[1], "resume") == 0) {
    map_world();
    if (atoi(argv[4]) >= 0) prctl(PR_SET_NAME, world->text + atoi(argv[4]));
    resume_image(atoi(argv[2]), atoi(argv[3]), atoi(argv[5]));
  }
  leave(STATUS_INPUT, "this is a part of pidsim's lab, not for use by hand");
}
