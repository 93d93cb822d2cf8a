/*
 * The conductor: PID 1 of the outside namespace. It lets things in, moves the clock, and looks when all is at rest.
 *
 *     nobody can act? ──no──► nap
 *          │ yes
 *     open namespaces whose init waits for it
 *     next deadline or entry ──none, or past `until`──► observe, report
 *          │
 *     clock := that instant;  let in what enters, then wake who is due, in the order they asked
 */
#include "world.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static pid_t shim; /* the subreaper outside, if there is one */
static int next_entry;

static int64_t real_ms(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * 1000LL + now.tv_nsec / 1000000;
}

static void nap(int us) {
  struct timespec time = {.tv_nsec = us * 1000L};
  nanosleep(&time, NULL);
}

/* ---- is everybody blocked? ---- */

static char alive[1 << 15]; /* by outside number: it can still act */

/* The state letter of one task; *threads gets the number of its process's threads. 0 when it is gone. */
static char state_of(const char *folder, int *threads) {
  char path[400], buffer[1024];
  snprintf(path, sizeof path, "%s/stat", folder);
  if (read_file(path, buffer, sizeof buffer) <= 0) return 0;
  char *field = strrchr(buffer, ')');
  if (field == NULL) return 0;
  char state = field[2];
  for (int i = 0; i < 18 && field != NULL; i++) field = strchr(field + 1, ' ');
  *threads = field == NULL ? 1 : atoi(field);
  return state;
}

/* A task that is preempted while it is about to sleep shows as S; but nobody knows where it sleeps. */
static int sleeps_somewhere(const char *folder) {
  char path[400], place[128];
  snprintf(path, sizeof path, "%s/wchan", folder);
  return read_file(path, place, sizeof place) <= 0 || strcmp(place, "0") != 0;
}

static int is_blocked(char state, const char *folder) {
  if (state == 'S') return world->real_time || sleeps_somewhere(folder);
  return state == 0 || state == 'Z' || state == 'T' || state == 't';
}

static int threads_are_blocked(const char *process) {
  char path[400];
  int blocked = 1, threads;
  snprintf(path, sizeof path, "/proc/%s/task", process);
  DIR *tasks = opendir(path);
  if (tasks == NULL) return 0;
  for (struct dirent *entry; blocked && (entry = readdir(tasks)) != NULL;) {
    if (entry->d_name[0] == '.') continue;
    snprintf(path, sizeof path, "/proc/%s/task/%.20s", process, entry->d_name);
    blocked = is_blocked(state_of(path, &threads), path);
  }
  closedir(tasks);
  return blocked;
}

static int all_blocked_once(void) {
  int blocked = 1;
  const unsigned asked_before = world->sequence;
  memset(alive, 0, sizeof alive);
  DIR *proc = opendir("/proc");
  if (proc == NULL) die("/proc");
  for (struct dirent *entry; blocked && (entry = readdir(proc)) != NULL;) {
    if (entry->d_name[0] < '1' || entry->d_name[0] > '9') continue;
    int number = atoi(entry->d_name), threads = 1;
    if (number == 1) continue;
    char path[300];
    snprintf(path, sizeof path, "/proc/%s", entry->d_name);
    char state = state_of(path, &threads);
    blocked = is_blocked(state, path) && (threads < 2 || threads_are_blocked(entry->d_name));
    if (state != 0 && (state != 'Z' || threads > 1)) alive[number] = 1;
  }
  closedir(proc);
  for (int i = 0; blocked && i < world->sleepers_used; i++) {
    struct sleeper *sleeper = &world->sleepers[i];
    int owner = sleeper->owner;
    if (owner <= 0) continue;
    /* Whoever went to sleep after the listing of /proc was read is not in it, yet lives. */
    if ((int)(sleeper->sequence - asked_before) >= 0) blocked = 0;
    else if (!alive[owner]) sleeper->owner = 0;
    else if (sleeper->woken) blocked = 0;
  }
  return blocked;
}

/*
 * Lets all processes run until none can. At the low priority this one runs only then; otherwise it is a matter of
 * patience, and of looking twice.
 */
static void let_others_run(void) {
  if (!world->real_time) nap(300);
  set_priority(PRIORITY_LOW);
  set_priority(PRIORITY_PROCESS);
}

static int all_blocked(void) {
  int activity = world->activity;
  if (!all_blocked_once()) return 0;
  if (!world->real_time && (nap(300), !all_blocked_once())) return 0;
  return activity == world->activity;
}

/* ---- what is let in ---- */

static void hold_forever(void) {
  for (;;) pause();
}

/* In a child that is the first of a new namespace. */
static void run_init(int space, int program) {
  char text[32];
  be_born(space);
  int numbers[DEPTH_MAX];
  read_numbers("/proc/self/status", "NSpid:", numbers);
  snprintf(text, sizeof text, "%d", world->spaces[space].pid_max);
  if (world->spaces[space].pid_max > 0 && write_file("/proc/sys/kernel/pid_max", text) != 0) die("kernel.pid_max of the namespace");
  world->spaces[space].init = numbers[0];
  while (!world->spaces[space].opened) futex_wait(&world->spaces[space].opened, 0);
  join_pod();
  start_session();
  run_program(program);
}

/* Waits for its child as the flags say, then ends. */
static void attend(pid_t child, int flags) {
  if (flags & ENTER_LEAVE) _exit(0);
  if (!(flags & ENTER_REAP)) hold_forever();
  while (waitpid(child, NULL, 0) < 0 && errno == EINTR) {
  }
  _exit(0);
}

static pid_t fork_or_note(void) {
  pid_t child = fork();
  if (child >= 0) return child;
  note_refusal(BY_ENTRY, errno);
  _exit(0);
}

/* A fork from inside the conductor: in a group of its own, with the priority of a process. */
static pid_t fork_helper(const char *name) {
  pid_t child = fork();
  if (child != 0) return child;
  note_number(SPACES_MAX, getpid()); /* its group can keep that when it has gone */
  signal(SIGCHLD, SIG_DFL);
  setpgid(0, 0);
  prctl(PR_SET_NAME, name);
  set_priority(PRIORITY_PROCESS);
  return 0;
}

static void start_init(void) {
  pid_t runtime = fork_helper("runtime");
  if (runtime < 0) die("fork of the runtime");
  if (runtime > 0) return;
  if (unshare(CLONE_NEWPID) != 0) die("unshare");
  pid_t init = fork_or_note();
  if (init == 0) run_init(0, world->init_program);
  attend(init, world->hold_init ? 0 : ENTER_REAP);
}

/* Inside another namespace: the parent of a nested namespace's init, as a nested runtime is. */
static void run_nest(const struct entry *entry) {
  be_born(entry->space);
  prctl(PR_SET_NAME, "nest");
  join_pod();
  if (unshare(CLONE_NEWPID) != 0) die("unshare of a nested namespace");
  pid_t init = fork_or_note();
  if (init == 0) run_init(entry->nest, entry->program);
  attend(init, entry->flags);
}

static void run_entry(const struct entry *entry) {
  char path[64];
  if (world->spaces[entry->space].fd < 0) _exit(0); /* it has never been made */
  snprintf(path, sizeof path, "/proc/1/fd/%d", world->spaces[entry->space].fd);
  int space = open(path, O_RDONLY | O_CLOEXEC);
  if (space < 0 || setns(space, CLONE_NEWPID) != 0) die("setns");
  close(space);
  pid_t child = fork_or_note();
  if (child > 0) attend(child, entry->flags);
  if (entry->nest >= 0) run_nest(entry);
  be_born(entry->space);
  join_pod();
  if (entry->flags & ENTER_SETSID) start_session();
  run_program(entry->program);
}

static void let_in(const struct entry *entry) {
  if (shim == 0) {
    pid_t child = fork_helper("enter");
    if (child < 0) note_refusal(BY_ENTRY, errno);
    if (child == 0) run_entry(entry);
    return;
  }
  world->shim_turn++; /* every entry comes through the shim, so its turn is the entry's place */
  futex_wake(&world->shim_turn);
}

/* A subreaper outside: the parent of whatever enters, as a container runtime's shim is. It reaps all it gets. */
static void reap_strangers(int signal) {
  (void)signal;
  int error = errno;
  while (waitpid(-1, NULL, WNOHANG) > 0) {
  }
  errno = error;
}

static void start_shim(void) {
  shim = fork_helper("shim");
  if (shim < 0) die("fork of the shim");
  if (shim > 0) return;
  prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
  struct sigaction action = {.sa_flags = SA_RESTART, .sa_handler = reap_strangers};
  sigaction(SIGCHLD, &action, NULL);
  for (int turn = 0;; turn++) {
    while (world->shim_turn <= turn) futex_wait(&world->shim_turn, turn);
    pid_t child = fork();
    if (child < 0) note_refusal(BY_ENTRY, errno);
    if (child != 0) continue;
    signal(SIGCHLD, SIG_DFL);
    setpgid(0, 0);
    prctl(PR_SET_NAME, "enter");
    run_entry(&world->entries[turn]);
  }
}

static int open_spaces(void) {
  int opened = 0;
  for (int space = 0; space < world->space_count; space++) {
    if (world->spaces[space].init == 0 || world->spaces[space].opened) continue;
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/ns/pid", world->spaces[space].init);
    world->spaces[space].fd = open(path, O_RDONLY | O_CLOEXEC);
    if (world->spaces[space].fd < 0) die(path);
    world->spaces[space].opened = 1;
    futex_wake(&world->spaces[space].opened);
    opened = 1;
  }
  return opened;
}

/* ---- the clock ---- */

static int by_sequence(const void *a, const void *b) {
  return world->sleepers[*(const int *)a].sequence < world->sleepers[*(const int *)b].sequence ? -1 : 1;
}

/* Moves the clock to the next instant at which something is due and lets it happen. 0: nothing is due any more. */
static int advance(void) {
  static int due[SLEEPERS_MAX];
  int count = 0;
  int64_t next = next_entry < world->entry_count ? world->entries[next_entry].at_us : INT64_MAX;
  for (int i = 0; i < world->sleepers_used; i++)
    if (world->sleepers[i].owner > 0 && world->sleepers[i].deadline_us < next) next = world->sleepers[i].deadline_us;
  if (next == INT64_MAX || (world->until_us >= 0 && next > world->until_us)) return 0;
  world->now_us = next;
  set_priority(PRIORITY_WAKING); /* nobody runs before all that are due have been woken */
  while (next_entry < world->entry_count && world->entries[next_entry].at_us == next)
    let_in(&world->entries[next_entry++]);
  for (int i = 0; i < world->sleepers_used; i++)
    if (world->sleepers[i].owner > 0 && world->sleepers[i].deadline_us == next) due[count++] = i;
  qsort(due, count, sizeof *due, by_sequence);
  for (int i = 0; i < count; i++) {
    world->sleepers[due[i]].woken = 1;
    futex_wake(&world->sleepers[due[i]].woken);
  }
  set_priority(PRIORITY_PROCESS);
  return 1;
}

static int reap_adopted(void) {
  int count = 0;
  while (waitpid(-1, NULL, WNOHANG) > 0) count++;
  return count;
}

/* Holds everybody where they are, to look at a world that does not come to rest. */
static void stop_all(void) {
  kill(-1, SIGSTOP);
  for (int tries = 0; tries < 200 && !all_blocked_once(); tries++) nap(5000);
}

/* Returns 1 once the world is at rest, 0 when that took longer than it may. */
static int play(void) {
  int64_t deadline = real_ms() + world->bound_ms;
  int64_t quiet_since = 0;
  for (;;) {
    if (world->fault) return 1;
    if (world->expired || real_ms() > deadline) return 0;
    let_others_run();
    if (reap_adopted()) continue;
    if (!all_blocked()) {
      quiet_since = 0;
      nap(100);
      continue;
    }
    /* Real commands sleep in real time: only a while of quiet says that they are done. */
    if (world->settle_ms > 0 && quiet_since == 0) quiet_since = real_ms();
    if (world->settle_ms > 0 && real_ms() - quiet_since < world->settle_ms) {
      nap(5000);
      continue;
    }
    quiet_since = 0;
    forget_looks();
    if (open_spaces()) continue;
    if (!advance()) return 1;
  }
}

/* ---- setting up ---- */

static void redirect_output(void) {
  int null = open("/dev/null", O_RDWR);
  if (null < 0) die("/dev/null");
  for (int fd = 0; fd < 3; fd++) dup2(null, fd);
  close(null);
}

static void bind_to_cpu(void) {
  if (world->cpu < 0) return;
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(world->cpu, &set);
  if (sched_setaffinity(0, sizeof set, &set) != 0) return;
  struct sched_param parameter = {.sched_priority = PRIORITY_PROCESS};
  world->real_time = sched_setscheduler(0, SCHED_RR, &parameter) == 0;
}

static void limit_resources(void) {
  struct rlimit no_core = {0, 0};
  setrlimit(RLIMIT_CORE, &no_core);
  write_file("/proc/self/oom_score_adj", "1000");
}

/* A fresh namespace starts at the kernel's limit; anything else means that the number is not its own. */
static void set_outside_pid_max(void) {
  char text[32];
  if (world->outside_pid_max == 0) return;
  if (read_file("/proc/sys/kernel/pid_max", text, sizeof text) <= 0 || atoi(text) != 4194304)
    die("kernel.pid_max is not the namespace's own");
  snprintf(text, sizeof text, "%d", world->outside_pid_max);
  if (write_file("/proc/sys/kernel/pid_max", text) != 0) die("kernel.pid_max of the outside namespace");
}

int conduct(void) {
  if (mount("proc", "/proc", "proc", PROC_MOUNT_FLAGS, NULL) != 0) die("mount of /proc");
  setsid();
  prctl(PR_SET_NAME, "host");
  set_outside_pid_max();
  redirect_output();
  limit_resources();
  bind_to_cpu();
  for (int i = 0; i < SPACES_MAX; i++) world->spaces[i].fd = -1;
  world->largest[SPACES_MAX] = 1;
  if (world->subreaper_outside) start_shim();
  start_init();
  int rested = play();
  if (!rested) stop_all();
  report(rested);
  return 0;
}
